package etcd

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"shardeck/shared/api"
)

func TestConfigThatIsRefused(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	plain, secure := []string{"http://a:1"}, []string{"https://a:1"}
	for name, tc := range map[string]struct {
		cfg  Config
		says string
	}{
		"no endpoint":            {Config{}, "0 endpoints"},
		"too many":               {Config{Endpoints: slices.Repeat(plain, 17)}, "17 endpoints"},
		"no URL":                 {Config{Endpoints: []string{"http://a:1", "http://a:%"}}, "endpoint 2 of etcd is not a URL"},
		"no scheme":              {Config{Endpoints: []string{"a:1"}}, "of the form"},
		"another scheme":         {Config{Endpoints: []string{"unix://a:1"}}, "of the form"},
		"no port":                {Config{Endpoints: []string{"http://a"}}, "of the form"},
		"port 0":                 {Config{Endpoints: []string{"http://a:0"}}, "of the form"},
		"a port too great":       {Config{Endpoints: []string{"http://a:65536"}}, "of the form"},
		"no host":                {Config{Endpoints: []string{"http://:1"}}, "of the form"},
		"a path":                 {Config{Endpoints: []string{"http://a:1/x"}}, "of the form"},
		"a query":                {Config{Endpoints: []string{"http://a:1?x"}}, "of the form"},
		"a password":             {Config{Endpoints: []string{"http://u:hush@a:1"}}, "contains a user"},
		"twice":                  {Config{Endpoints: []string{"http://a:1", "http://a:1"}}, "more than once"},
		"mixed":                  {Config{Endpoints: []string{"http://a:1", "https://b:1"}}, "partly"},
		"TTL too short":          {Config{Endpoints: plain, TTL: time.Second}, "time to live"},
		"TTL too long":           {Config{Endpoints: plain, TTL: time.Hour}, "time to live"},
		"TTL of fractions":       {Config{Endpoints: plain, TTL: 2500 * time.Millisecond}, "time to live"},
		"relative prefix":        {Config{Endpoints: plain, Prefix: "p"}, "prefix"},
		"prefix that ends in /":  {Config{Endpoints: plain, Prefix: "/p/"}, "prefix"},
		"prefix with a space":    {Config{Endpoints: plain, Prefix: "/a b"}, "prefix"},
		"long prefix":            {Config{Endpoints: plain, Prefix: "/" + strings.Repeat("p", 256)}, "prefix"},
		"user without password":  {Config{Endpoints: plain, User: "u"}, "set both"},
		"password without user":  {Config{Endpoints: plain, Password: "hush"}, "set both"},
		"certificate over http":  {Config{Endpoints: plain, CA: empty}, "use https"},
		"certificate, no key":    {Config{Endpoints: secure, Cert: empty}, "set both"},
		"key, no certificate":    {Config{Endpoints: secure, Key: empty}, "set both"},
		"CA that is missing":     {Config{Endpoints: secure, CA: empty + "x"}, "the CA of etcd"},
		"CA that is empty":       {Config{Endpoints: secure, CA: empty}, "no certificate"},
		"CA that is a device":    {Config{Endpoints: secure, CA: os.DevNull}, "not a file"},
		"certificate is missing": {Config{Endpoints: secure, Cert: empty + "x", Key: empty}, "the certificate for etcd"},
		"key is missing":         {Config{Endpoints: secure, Cert: empty, Key: empty + "x"}, "the key for etcd"},
		"certificate is empty":   {Config{Endpoints: secure, Cert: empty, Key: empty}, "for etcd"},
	} {
		l, err := Open(tc.cfg)
		if err == nil {
			_ = l.Close()
			t.Errorf("%s: accepted", name)
		} else if !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNextTerm(t *testing.T) {
	for _, tc := range []struct{ leader, newest, after, want uint64 }{
		{0, 0, 0, 1}, {0, 5, 3, 6}, {7, 5, 3, 8}, {0, 3, 5, 6}, {0, api.MaxTerm - 1, 0, api.MaxTerm},
		{0, api.MaxTerm, 0, 0}, {api.MaxTerm, 0, 0, 0}, {0, 0, 1<<64 - 1, 0},
	} {
		got, err := nextTerm(state{leader: leader{Term: tc.leader}, newest: leader{Term: tc.newest}}, tc.after)
		if got != tc.want || (err == nil) != (tc.want > 0) {
			t.Errorf("%+v: %d, %v", tc, got, err)
		}
	}
}
