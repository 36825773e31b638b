//go:build unix

package etcd

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"shardeck/master/lease/leasetest"
)

// authority issues certificates.
type authority struct {
	t    testing.TB
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	a := &authority{t: t, dir: t.TempDir()}
	a.cert, a.key = a.issue("ca", &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	return a
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

// issue writes name.pem and name.key.
func (a *authority) issue(name string, c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	c.SerialNumber, c.Subject = big.NewInt(time.Now().UnixNano()), pkix.Name{CommonName: name}
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{name + ".pem": {Type: "CERTIFICATE", Bytes: der}, name + ".key": {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(a.file(file), pem.EncodeToMemory(block), 0o600); err != nil {
			a.t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, key
}

// startSecure starts etcd with TLS that requires certificates of its clients, and with users: root,
// and one that may use the prefix.
func startSecure(t *testing.T, bin, prefix, user, password string) (*member, *authority) {
	t.Helper()
	ca := newAuthority(t)
	both := []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	ca.issue("server", &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: both})
	ca.issue("master", &x509.Certificate{ExtKeyUsage: both[1:]})
	addrs := freeAddrs(t, 2)
	m := newMember(t, bin, 0, "https://"+addrs[0], "http://"+addrs[1], "m0=http://"+addrs[1],
		"--cert-file", ca.file("server.pem"), "--key-file", ca.file("server.key"),
		"--trusted-ca-file", ca.file("ca.pem"), "--client-cert-auth")
	pair, err := tls.LoadX509KeyPair(ca.file("master.pem"), ca.file("master.key"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	m.tls = &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	m.start()
	m.await()
	admin, err := clientv3.New(clientv3.Config{Endpoints: []string{m.client}, TLS: m.tls, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	ctx := t.Context()
	for _, do := range []func() error{
		func() error { _, err := admin.UserAdd(ctx, "root", password); return err },
		func() error { _, err := admin.UserGrantRole(ctx, "root", "root"); return err },
		func() error { _, err := admin.UserAdd(ctx, user, password); return err },
		func() error { _, err := admin.RoleAdd(ctx, "masters"); return err },
		func() error {
			_, err := admin.RoleGrantPermission(ctx, "masters", prefix+"/", clientv3.GetPrefixRangeEnd(prefix+"/"), clientv3.PermissionType(clientv3.PermReadWrite))
			return err
		},
		func() error { _, err := admin.UserGrantRole(ctx, user, "masters"); return err },
		func() error { _, err := admin.AuthEnable(ctx); return err },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	return m, ca
}

func TestCertificatesAndUsers(t *testing.T) {
	forEach(t, func(t *testing.T, bin string) {
		const password = "hush-hush"
		etcd, ca := startSecure(t, bin, "/p", "shardeck", password)
		good := Config{
			Endpoints: []string{etcd.client}, Prefix: "/p", TTL: MinTTL, User: "shardeck", Password: password,
			CA: ca.file("ca.pem"), Cert: ca.file("master.pem"), Key: ca.file("master.key"),
		}
		ref := leasetest.NewReferee(t)
		a, b := two(t, good)
		g := acquireSoon(t, ref, a, "http://a", 0)
		if !renewsOrIsLost(g, 3) {
			t.Log("it was lost: the machine is busy")
		}
		if err := g.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := acquireSoon(t, ref, b, "http://b", 0).Release(t.Context()); err != nil {
			t.Error(err)
		}
		for name, tc := range map[string]struct {
			change func(*Config)
			says   string
		}{
			"a wrong password": {func(c *Config) { c.Password = "geheim" }, "check user and password"},
			"no user":          {func(c *Config) { c.User, c.Password = "", "" }, "etcd"},
			"another prefix":   {func(c *Config) { c.Prefix = "/q" }, "grant the user read and write on /q/"},
			"no certificate":   {func(c *Config) { c.Cert, c.Key = "", "" }, "etcd"},
			"no CA":            {func(c *Config) { c.CA = "" }, "etcd"},
		} {
			cfg := good
			tc.change(&cfg)
			l := open(t, cfg)
			var err error
			for range 20 { // a busy etcd may take too long to say what is wrong
				if _, err = l.Acquire(t.Context(), "http://m", 0); err == nil || strings.Contains(err.Error(), tc.says) {
					break
				}
			}
			if err == nil || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "geheim") {
				t.Errorf("%s: %v", name, err)
			} else {
				t.Logf("%s: %v", name, err)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}
