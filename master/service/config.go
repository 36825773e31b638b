package service

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/daemon"
	"shardeck/shared/httpserve"
)

// Config configures a master. The tags are kong's: flags take precedence over the
// environment, and that over the defaults.
type Config struct {
	daemon.Flags

	Host      string   `help:"Address to listen on; beyond loopback an API token is required." default:"127.0.0.1" env:"MASTER_HOST"`
	Port      int      `help:"Port to listen on; 0 picks a free one." default:"8080" env:"MASTER_PORT"`
	Role      string   `help:"Role to start in: primary or backup." enum:"primary,backup" default:"primary" env:"MASTER_ROLE"`
	Workers   []string `help:"Base URLs of the workers, shard 0 first. Their order and number must never change." default:"http://127.0.0.1:8081,http://127.0.0.1:8082,http://127.0.0.1:8083" env:"MASTER_WORKERS"`
	Peers     []string `help:"Base URLs of the other masters, or none. On port 8080 or 8084 the default is the other of the two on this machine." env:"MASTER_PEERS"`
	Advertise string   `help:"Base URL at which others reach this master; by default the address it listens on." env:"MASTER_ADVERTISE"`

	Token        string   `help:"The cluster's token, which this master sends to the workers. Other users can see a flag: prefer the variable or a file." name:"master-token" env:"MASTER_TOKEN"`
	TokenFile    string   `help:"File with the cluster's token." name:"master-token-file" env:"MASTER_TOKEN_FILE" type:"path"`
	APIToken     string   `help:"Token that clients must send as Authorization: Bearer; if empty, none is required. Other users can see a flag: prefer the variable or a file." env:"MASTER_API_TOKEN" name:"api-token"`
	APITokenFile string   `help:"File with the API token." env:"MASTER_API_TOKEN_FILE" name:"api-token-file" type:"path"`
	CORSOrigins  []string `help:"Web origins from which browsers may call this master." env:"MASTER_CORS_ORIGINS" name:"cors-origins"`

	RequestTimeout time.Duration `help:"Timeout of a write, and of each wait for a shard's rows." default:"10s" env:"MASTER_REQUEST_TIMEOUT"`
	QueryTimeout   time.Duration `help:"Timeout of a statement of POST /query, until its last row." default:"5m" env:"MASTER_QUERY_TIMEOUT"`
	SlowQuery      time.Duration `help:"Statements that take longer are logged with their text and plan; 0 disables this." default:"1s" env:"MASTER_SLOW_QUERY"`
	ProbeInterval  time.Duration `help:"Interval between probes of a worker." default:"1s" env:"MASTER_PROBE_INTERVAL"`
	ProbeTimeout   time.Duration `help:"Timeout of a probe." default:"2s" env:"MASTER_PROBE_TIMEOUT"`

	LeaseConfig
}

const (
	defaultPrimaryPort = 8080
	defaultBackupPort  = 8084
	maxWorkers         = 64
)

// settings is a validated Config.
type settings struct {
	Config
	role     api.Role
	token    string
	apiToken string
}

// check loads the secrets and validates the configuration before anything starts.
func (c Config) check() (*settings, error) {
	s := &settings{Config: c, role: api.Role(c.Role)}
	var err error
	if s.token, err = httpserve.LoadSecret("MASTER_TOKEN", c.Token, c.TokenFile); err != nil {
		return nil, err
	}
	if s.apiToken, err = httpserve.LoadSecret("MASTER_API_TOKEN", c.APIToken, c.APITokenFile); err != nil {
		return nil, err
	}
	if s.token == "" {
		return nil, httpserve.MissingToken()
	}
	if s.role != api.RolePrimary && s.role != api.RoleBackup {
		return nil, fmt.Errorf("MASTER_ROLE is %q; it must be primary or backup", c.Role)
	}
	if err := daemon.CheckPort("--port or MASTER_PORT", c.Port); err != nil {
		return nil, err
	}
	if n := len(c.Workers); n < 1 || n > maxWorkers {
		return nil, fmt.Errorf("MASTER_WORKERS lists %d workers; 1 to %d are allowed", n, maxWorkers)
	}
	if s.Workers, err = baseURLs("MASTER_WORKERS", c.Workers); err != nil {
		return nil, err
	}
	if s.Peers, err = baseURLs("MASTER_PEERS", c.defaultPeers()); err != nil {
		return nil, err
	}
	if c.Advertise != "" {
		one, err := baseURLs("MASTER_ADVERTISE", []string{c.Advertise})
		if err != nil {
			return nil, err
		}
		s.Advertise = one[0]
	}
	if err := s.LeaseConfig.check(); err != nil {
		return nil, err
	}
	return s, nil
}

func (c *Config) defaultPeers() []string {
	switch {
	case len(c.Peers) == 1 && strings.EqualFold(c.Peers[0], "none"):
		return nil
	case len(c.Peers) > 0:
		return c.Peers
	case c.Port == defaultPrimaryPort:
		return []string{fmt.Sprintf("http://127.0.0.1:%d", defaultBackupPort)}
	case c.Port == defaultBackupPort:
		return []string{fmt.Sprintf("http://127.0.0.1:%d", defaultPrimaryPort)}
	}
	return nil
}

// baseURLs validates base URLs and strips trailing slashes.
func baseURLs(name string, raw []string) ([]string, error) {
	var list []string
	for _, r := range raw {
		r = strings.TrimRight(strings.TrimSpace(r), "/")
		u, err := url.Parse(r)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return nil, fmt.Errorf("%s: entry %d is not a base URL such as http://127.0.0.1:8081", name, len(list))
		}
		if slices.Contains(list, r) {
			return nil, fmt.Errorf("%s lists %s twice", name, r)
		}
		list = append(list, r)
	}
	return list, nil
}
