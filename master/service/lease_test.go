package service

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shardeck/master/lease"
	"shardeck/master/lease/etcd"
	"shardeck/master/lease/sqlitefile"
)

func TestLeaseIsConfigured(t *testing.T) {
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("hush-hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := []string{"http://127.0.0.1:2379"}
	for name, tc := range map[string]struct {
		cfg  LeaseConfig
		want lease.Lease // nil: it is refused
		says string
	}{
		"nothing":                    {LeaseConfig{}, lease.Manual{}, ""},
		"manual":                     {LeaseConfig{Lease: "manual"}, lease.Manual{}, ""},
		"another":                    {LeaseConfig{Lease: "zookeeper"}, nil, "MASTER_LEASE"},
		"manual with a TTL":          {LeaseConfig{LeaseTTL: time.Second}, nil, "MASTER_LEASE_TTL is set, but MASTER_LEASE is manual, which does not use it: unset it, or set MASTER_LEASE to sqlitefile or etcd"},
		"manual with a file":         {LeaseConfig{LeaseFile: "f"}, nil, "MASTER_LEASE_FILE is set"},
		"manual with endpoints":      {LeaseConfig{EtcdEndpoints: at}, nil, "MASTER_ETCD_ENDPOINTS is set"},
		"a file":                     {LeaseConfig{Lease: "sqlitefile", LeaseFile: filepath.Join(t.TempDir(), "f"), LeaseTTL: time.Second}, (*sqlitefile.Lease)(nil), ""},
		"a file without its name":    {LeaseConfig{Lease: "sqlitefile"}, nil, "MASTER_LEASE_FILE"},
		"a file in no folder":        {LeaseConfig{Lease: "sqlitefile", LeaseFile: "/nonexistent/f"}, nil, "create its folder"},
		"a file with a TTL too long": {LeaseConfig{Lease: "sqlitefile", LeaseFile: filepath.Join(t.TempDir(), "f"), LeaseTTL: time.Hour}, nil, "time to live"},
		"a file with a user":         {LeaseConfig{Lease: "sqlitefile", LeaseFile: "f", EtcdUser: "u"}, nil, "MASTER_ETCD_USER is set"},
		"a file with a CA":           {LeaseConfig{Lease: "sqlitefile", LeaseFile: "f", EtcdCA: "f"}, nil, "MASTER_ETCD_CA is set"},
		"etcd":                       {LeaseConfig{Lease: "etcd", EtcdEndpoints: at, EtcdPrefix: "/p", EtcdUser: "u", EtcdPasswordFile: password}, (*etcd.Lease)(nil), ""},
		"etcd with a file":           {LeaseConfig{Lease: "etcd", EtcdEndpoints: at, LeaseFile: "f"}, nil, "MASTER_LEASE_FILE is set"},
		"etcd without endpoints":     {LeaseConfig{Lease: "etcd"}, nil, "MASTER_ETCD_ENDPOINTS"},
		"etcd with two passwords":    {LeaseConfig{Lease: "etcd", EtcdEndpoints: at, EtcdUser: "u", EtcdPassword: "hush-hush", EtcdPasswordFile: password}, nil, "MASTER_ETCD_PASSWORD_FILE"},
		"etcd without a user":        {LeaseConfig{Lease: "etcd", EtcdEndpoints: at, EtcdPassword: "hush-hush"}, nil, "user"},
		"etcd with a wrong TTL":      {LeaseConfig{Lease: "etcd", EtcdEndpoints: at, LeaseTTL: 2500 * time.Millisecond}, nil, "whole seconds"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := openConfigured(t, tc.cfg)
			if err != nil {
				if tc.want != nil || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "hush-hush") {
					t.Errorf("got the error %v", err)
				}
				return
			}
			defer got.Close()
			same := false
			switch tc.want.(type) {
			case lease.Manual:
				_, same = got.(lease.Manual)
			case *sqlitefile.Lease:
				_, same = got.(*sqlitefile.Lease)
			case *etcd.Lease:
				_, same = got.(*etcd.Lease)
			}
			if !same {
				t.Errorf("got a %T", got)
			}
		})
	}
}

func openConfigured(t *testing.T, cfg LeaseConfig) (lease.Lease, error) {
	t.Helper()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	return cfg.open(t.Context(), slog.New(slog.DiscardHandler))
}
