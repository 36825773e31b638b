package etcd

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
)

const (
	// DefaultTTL and DefaultPrefix are used if none is configured.
	DefaultTTL    = 6 * time.Second
	DefaultPrefix = "/shardeck/lease"

	// MinTTL and MaxTTL bound the time to live. etcd counts in seconds, and raises less than one
	// and a half of its election timeouts.
	MinTTL = 2 * time.Second
	MaxTTL = time.Minute

	maxEndpoints = 16
	maxPrefix    = 256
	maxSecret    = 1 << 20 // bytes of a file with a certificate or key
)

// Config is how to open a lease. Except for Log, it must be the same for all masters of a cluster;
// two clusters that share one etcd need different prefixes.
type Config struct {
	Endpoints []string      // http or https URLs of etcd's members, all of one kind
	TTL       time.Duration // in whole seconds; 0: DefaultTTL
	Prefix    string        // of the two keys; empty: DefaultPrefix
	User      string        // empty: none
	Password  string
	// Files in PEM: CA certifies etcd's members (empty: the system's roots do); Cert and Key are
	// the master's own, both or neither.
	CA, Cert, Key string
	Log           *slog.Logger // nil: none

	dial []grpc.DialOption // for tests
}

// checked returns the configuration with its defaults, or what is wrong with it.
func (c Config) checked() (Config, error) {
	if c.TTL == 0 {
		c.TTL = DefaultTTL
	}
	if c.Prefix == "" {
		c.Prefix = DefaultPrefix
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.TTL < MinTTL || c.TTL > MaxTTL || c.TTL%time.Second != 0 {
		return c, fmt.Errorf("the lease's time to live must be %s to %s, in whole seconds; it is %s", MinTTL, MaxTTL, c.TTL)
	}
	if err := checkPrefix(c.Prefix); err != nil {
		return c, err
	}
	secure, err := checkEndpoints(c.Endpoints)
	if err != nil {
		return c, err
	}
	switch {
	case !secure && (c.CA != "" || c.Cert != "" || c.Key != ""):
		return c, errors.New("etcd's certificates are set, but its endpoints are http: use https")
	case (c.Cert == "") != (c.Key == ""):
		return c, errors.New("a certificate for etcd needs its key, and a key its certificate: set both or neither")
	case (c.User == "") != (c.Password == ""):
		return c, errors.New("a user for etcd needs a password, and a password a user: set both or neither")
	}
	return c, nil
}

func checkPrefix(p string) error {
	plain := !strings.ContainsFunc(p, func(r rune) bool { return r <= ' ' || r > '~' })
	if !plain || !strings.HasPrefix(p, "/") || strings.HasSuffix(p, "/") || len(p) > maxPrefix {
		return fmt.Errorf("the prefix of the lease's keys in etcd must begin with / and not end with it, in at most %d visible ASCII characters; it is %.80q", maxPrefix, p)
	}
	return nil
}

// checkEndpoints reports whether the endpoints are https. Errors do not repeat an endpoint that may
// contain a password.
func checkEndpoints(all []string) (secure bool, err error) {
	if len(all) == 0 || len(all) > maxEndpoints {
		return false, fmt.Errorf("etcd has %d endpoints; name 1 to %d, such as https://etcd1:2379", len(all), maxEndpoints)
	}
	for i, e := range all {
		u, err := url.Parse(e)
		switch {
		case err != nil:
			return false, fmt.Errorf("endpoint %d of etcd is not a URL; it should be like https://etcd1:2379", i+1)
		case u.User != nil:
			return false, fmt.Errorf("endpoint %d of etcd contains a user: set user and password by themselves", i+1)
		case u.Scheme != "http" && u.Scheme != "https", u.Path != "" && u.Path != "/", u.RawQuery != "", u.Fragment != "", u.Hostname() == "", !validPort(u.Port()):
			return false, fmt.Errorf("endpoint %d of etcd, %.200q, is not of the form https://host:port", i+1, e)
		case i > 0 && (u.Scheme == "https") != secure:
			return false, errors.New("etcd's endpoints are partly http and partly https: use one of them")
		case slices.Contains(all[:i], e):
			return false, fmt.Errorf("endpoint %d of etcd, %.200q, is listed more than once", i+1, e)
		}
		secure = u.Scheme == "https"
	}
	return secure, nil
}

func validPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

// tlsConfig reads the certificates. It returns nil for http.
func (c Config) tlsConfig() (*tls.Config, error) {
	if strings.HasPrefix(c.Endpoints[0], "http:") {
		return nil, nil //nolint:nilnil // nil is what the client takes for "no TLS"
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CA != "" {
		pem, err := readBounded(c.CA)
		if err != nil {
			return nil, fmt.Errorf("the CA of etcd: %w", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("the CA of etcd: %s contains no certificate in PEM", c.CA)
		}
	}
	if c.Cert != "" {
		cert, err := readBounded(c.Cert)
		if err != nil {
			return nil, fmt.Errorf("the certificate for etcd: %w", err)
		}
		key, err := readBounded(c.Key)
		if err != nil {
			return nil, fmt.Errorf("the key for etcd: %w", err)
		}
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("the certificate %s and key %s for etcd: %w", c.Cert, c.Key, err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}

func readBounded(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxSecret {
		return nil, fmt.Errorf("%s is not a file of at most %d bytes", path, maxSecret)
	}
	return os.ReadFile(path) //nolint:gosec // a path from the configuration
}

// hosts lists the endpoints for errors.
func (c Config) hosts() string {
	var hosts []string
	for _, e := range c.Endpoints {
		if u, err := url.Parse(e); err == nil {
			hosts = append(hosts, net.JoinHostPort(u.Hostname(), u.Port()))
		}
	}
	return strings.Join(hosts, ", ")
}
