package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"shardeck/master/lease"
	"shardeck/master/lease/etcd"
	"shardeck/master/lease/sqlitefile"
	"shardeck/shared/daemon"
	"shardeck/shared/httpserve"
)

// The kinds of lease.
const (
	leaseManual     = "manual"
	leaseSQLiteFile = "sqlitefile"
	leaseEtcd       = "etcd"
)

// LeaseConfig configures how masters decide which of them leads.
type LeaseConfig struct {
	Lease     string        `help:"Who leads: manual (the primary, until somebody requests a failover), or whoever holds a lease in a file (sqlitefile: masters on one machine) or in etcd. The same for all masters." enum:"manual,sqlitefile,etcd" default:"manual" env:"MASTER_LEASE"`
	LeaseFile string        `help:"The file of a sqlitefile lease; the masters create it." type:"path" env:"MASTER_LEASE_FILE"`
	LeaseTTL  time.Duration `help:"How long a lease lasts that is not renewed; by default 1.5s in a file and 6s in etcd. The same for all masters." name:"lease-ttl" env:"MASTER_LEASE_TTL"`

	EtcdEndpoints    []string `help:"URLs of etcd's members, such as https://etcd1:2379." env:"MASTER_ETCD_ENDPOINTS"`
	EtcdPrefix       string   `help:"Prefix of this cluster's keys in etcd; by default /shardeck/lease." env:"MASTER_ETCD_PREFIX"`
	EtcdUser         string   `help:"User of etcd; needs read and write below the prefix." env:"MASTER_ETCD_USER"`
	EtcdPassword     string   `help:"Password of etcd's user. Other users can see a flag: prefer the variable or a file." env:"MASTER_ETCD_PASSWORD"`
	EtcdPasswordFile string   `help:"File with the password of etcd's user." type:"path" env:"MASTER_ETCD_PASSWORD_FILE"`
	EtcdCA           string   `help:"File with the CA of etcd's certificates; by default the system's CAs." name:"etcd-ca" type:"path" env:"MASTER_ETCD_CA"`
	EtcdCert         string   `help:"File with this master's certificate for etcd." type:"path" env:"MASTER_ETCD_CERT"`
	EtcdKey          string   `help:"File with the key of that certificate." type:"path" env:"MASTER_ETCD_KEY"`
}

// check validates the configuration, and loads the password.
func (c *LeaseConfig) check() error {
	if c.Lease == "" {
		c.Lease = leaseManual
	}
	if c.Lease != leaseManual && c.Lease != leaseSQLiteFile && c.Lease != leaseEtcd {
		return fmt.Errorf("MASTER_LEASE is %q; it must be %s, %s or %s", c.Lease, leaseManual, leaseSQLiteFile, leaseEtcd)
	}
	if err := c.checkUnused(); err != nil {
		return err
	}
	switch {
	case c.Lease == leaseSQLiteFile && c.LeaseFile == "":
		return errors.New("a lease in a file requires MASTER_LEASE_FILE, the same for all masters of this machine")
	case c.Lease == leaseEtcd && len(c.EtcdEndpoints) == 0:
		return errors.New("a lease in etcd requires MASTER_ETCD_ENDPOINTS")
	case c.Lease == leaseEtcd:
		var err error
		c.EtcdPassword, err = httpserve.LoadSecret("MASTER_ETCD_PASSWORD", c.EtcdPassword, c.EtcdPasswordFile)
		return err
	}
	return nil
}

// checkUnused refuses settings that the chosen lease would ignore.
func (c *LeaseConfig) checkUnused() error {
	for _, s := range []struct {
		name string
		set  bool
		of   string // the leases that use it
	}{
		{"MASTER_LEASE_TTL", c.LeaseTTL != 0, leaseSQLiteFile + " " + leaseEtcd},
		{"MASTER_LEASE_FILE", c.LeaseFile != "", leaseSQLiteFile},
		{"MASTER_ETCD_ENDPOINTS", len(c.EtcdEndpoints) > 0, leaseEtcd},
		{"MASTER_ETCD_PREFIX", c.EtcdPrefix != "", leaseEtcd},
		{"MASTER_ETCD_USER", c.EtcdUser != "", leaseEtcd},
		{"MASTER_ETCD_PASSWORD", c.EtcdPassword != "", leaseEtcd},
		{"MASTER_ETCD_PASSWORD_FILE", c.EtcdPasswordFile != "", leaseEtcd},
		{"MASTER_ETCD_CA", c.EtcdCA != "", leaseEtcd},
		{"MASTER_ETCD_CERT", c.EtcdCert != "", leaseEtcd},
		{"MASTER_ETCD_KEY", c.EtcdKey != "", leaseEtcd},
	} {
		users := strings.Fields(s.of)
		used := false
		for _, u := range users {
			used = used || u == c.Lease
		}
		if s.set && !used {
			return fmt.Errorf("%s is set, but MASTER_LEASE is %s, which does not use it: unset it, or set MASTER_LEASE to %s", s.name, c.Lease, strings.Join(users, " or "))
		}
	}
	return nil
}

// open opens the configured lease.
func (c *LeaseConfig) open(ctx context.Context, logger *slog.Logger) (lease.Lease, error) {
	switch c.Lease {
	case leaseSQLiteFile:
		l, err := sqlitefile.Open(ctx, sqlitefile.Config{Path: c.LeaseFile, TTL: c.LeaseTTL, Log: logger})
		if err != nil { // not the nil *Lease in the interface
			return nil, &daemon.UsageError{Err: fmt.Errorf("MASTER_LEASE=sqlitefile: %w", err)}
		}
		return l, nil
	case leaseEtcd:
		l, err := etcd.Open(etcd.Config{
			Endpoints: c.EtcdEndpoints, TTL: c.LeaseTTL, Prefix: c.EtcdPrefix, User: c.EtcdUser, Password: c.EtcdPassword,
			CA: c.EtcdCA, Cert: c.EtcdCert, Key: c.EtcdKey, Log: logger,
		})
		if err != nil {
			return nil, &daemon.UsageError{Err: fmt.Errorf("MASTER_LEASE=etcd: %w", err)} // it has not talked to etcd yet
		}
		return l, nil
	}
	return lease.Manual{}, nil
}
