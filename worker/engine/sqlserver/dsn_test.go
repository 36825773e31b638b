package sqlserver

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	mssql "github.com/microsoft/go-mssqldb"
	"github.com/microsoft/go-mssqldb/msdsn"

	"shardeck/shared/api"
)

func TestConnectionStringForms(t *testing.T) {
	for _, c := range []struct{ name, dsn, address, user, password, database string }{
		{"URL", "sqlserver://sa:secret@db.example.com:1444?database=x&encrypt=true", "db.example.com:1444", "sa", "secret", "x"},
		{"URL with an encoded password", "sqlserver://u:p%40%3A%2F%3F%23%26%25@h", "h:1433", "u", "p@:/?#&%", ""},
		{"URL with an instance", "sqlserver://u:p@h/SQLEXPRESS", `h\SQLEXPRESS`, "u", "p", ""},
		{"URL of an IPv6 address", "sqlserver://u:p@[::1]:1433", "[::1]:1433", "u", "p", ""},
		{"ADO", "Server=tcp:db,1444;User Id=sa;Password=\"se;cret\";Database=x;Encrypt=yes;TrustServerCertificate=true", "db:1444", "sa", "se;cret", "x"},
		{"ODBC", "odbc:server=db;user id=sa;password={se;cret}", "db:1433", "sa", "se;cret", ""},
		{"Windows authentication", "sqlserver://db?trusted_connection=yes", "db:1433", "", "", ""},
		{"Kerberos", "sqlserver://shardeck@db?authenticator=krb5&krb5-realm=R&krb5-keytabfile=/k&krb5-configfile=/c", "db:1433", "shardeck", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := parseServer(c.dsn, poolOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if s.address() != c.address || s.cfg.User != c.user || s.cfg.Password != c.password || s.cfg.Database != c.database {
				t.Errorf("read as %s, user %q, password %q, database %q", s.address(), s.cfg.User, s.cfg.Password, s.cfg.Database)
			}
		})
	}
}

func TestRequiredSettingsOverrideTheString(t *testing.T) {
	if _, err := parseServer("sqlserver://u:p@h?disableretry=false&log=63&guid+conversion=true&timezone=Europe/Berlin", poolOptions{}); err == nil {
		t.Fatal("an option that writes a log of values was taken")
	}
	s, err := parseServer("sqlserver://u:p@h?disableretry=false&guid+conversion=true&timezone=Europe/Berlin&encrypt=strict", poolOptions{ConnectTimeout: 3 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if !s.cfg.DisableRetry || s.cfg.Encoding.GuidConversion || s.cfg.Encoding.Timezone != time.UTC || s.cfg.LogFlags != 0 {
		t.Errorf("got %+v", s.cfg)
	}
	if s.cfg.AppName != "shardeck-worker" || s.cfg.DialTimeout != 3*time.Second || s.cfg.Encryption != msdsn.EncryptionStrict {
		t.Errorf("application %q, dialling %s, encryption %v", s.cfg.AppName, s.cfg.DialTimeout, s.cfg.Encryption)
	}
	s, err = parseServer("sqlserver://u:p@h?app+name=mine&dial+timeout=1", poolOptions{})
	if err != nil || s.cfg.AppName != "mine" || s.cfg.DialTimeout != time.Second {
		t.Errorf("the settings of the string are lost: %v", err)
	}
}

func TestInvalidConnectionStringsAreExplained(t *testing.T) {
	for dsn, says := range map[string]string{
		"":                             "empty",
		"  ":                           "empty",
		"hunter2":                      "option",
		"postgres://u:hunter2@h":       "sqlserver://",
		"sqlserver://u:hunter2@h:port": "percent-encoded",
		"sqlserver://u:hun%ter2@h":     "percent-encoded",
		"sqlserver://u:hun/ter2@h":     "percent-encoded",
		"sqlserver://u:12/hunter2@h":   "percent-encoded",
		"sqlserver://u:12?hunter2@h":   "percent-encoded",
		"sqlserver://u:12#hunter2@h":   "percent-encoded",
		"sqlserver://u:hunter2@h?encrypt=hunter2":                             `"encrypt"`,
		"sqlserver://u:hunter2@h?connection+timeout=hunter2":                  `"connection timeout"`,
		"sqlserver://u:hunter2@h?certificate=/hunter2.pem":                    `"certificate"`,
		"sqlserver://u:hunter2@h?encrypt=true&Encrypt=hunter2":                `"encrypt"`,
		"sqlserver://u:hunter2@h?encrypt=true&encrypt=hunter2":                "more than once",
		"sqlserver://u:hunter2@h?encrpyt=hunter2":                             "option",
		"sqlserver://u:hunter2@h?change+password=hunter2":                     "option",
		"sqlserver://u:hunter2@h?fedauth=ActiveDirectoryHunter2":              "option",
		"sqlserver://u:hunter2@h?applicationintent=ReadOnly&database=hunter2": "read-only",
		"server=h;password=hun;ter2":                                          "option",
		"odbc:server=h;pwd={hunter2":                                          "sqlserver://",
	} {
		s, err := parseServer(dsn, poolOptions{})
		if err == nil {
			t.Errorf("%q was accepted, with host %s", dsn, s.address())
			continue
		}
		if !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, which does not mention %s", dsn, err, says)
		}
		if low := strings.ToLower(err.Error()); strings.Contains(low, "ter2") || strings.Contains(low, "hun") {
			t.Errorf("%q: the error repeats part of it: %v", dsn, err)
		}
	}
}

// FuzzParseServer puts the password in each place of a connection string where it can end up by
// mistake: neither an error nor a later problem may repeat it.
func FuzzParseServer(f *testing.F) {
	for _, s := range []string{"hunter2hunter2", "p@ssw0rd/1", "a?b=c&d", "100%#sure", "x;y={z}", "\x00\xff", "sqlserver://", "[::1]:99999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, secret string) {
		if len(secret) < 8 || strings.Contains(dsnForm+escape+strings.Join(dsnOptions, " "), secret) {
			return // the password is a substring of fixed texts
		}
		for _, form := range []string{
			"sqlserver://user:%s@host:1433?encrypt=true", "sqlserver://%s@host", "sqlserver://user:pw@host?encrypt=%s", "%s",
			"server=host;user id=user;password=%s;encrypt=true", "odbc:server=host;uid=user;pwd={%s}", "sqlserver://user:pw@host?password=%s",
		} {
			for _, dsn := range []string{fmt.Sprintf(form, secret), fmt.Sprintf(form, url.QueryEscape(secret))} {
				s, err := parseServer(dsn, poolOptions{})
				if err == nil {
					err = s.connectProblem(fmt.Errorf("login of %s failed: %s", s.cfg.User, s.cfg.Password))
					if s.cfg.Password != secret && s.cfg.User != secret {
						continue // it was read as something that may be shown
					}
				}
				if strings.Contains(err.Error(), secret) {
					t.Fatalf("%q: the error repeats the password: %v", dsn, err)
				}
			}
		}
	})
}

func TestAFailedConnectionIsExplainedWithoutSecrets(t *testing.T) {
	s, err := parseServer("sqlserver://sa:pass-of-sa@db.example.com:1444", poolOptions{})
	if err != nil {
		t.Fatal(err)
	}
	dial := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connect: connection refused")}
	for name, c := range map[string]struct {
		err          error
		number       int
		detail, hint string
	}{
		"login failed":    {mssql.Error{Number: 18456, Message: "Login failed for user 'sa'."}, 18456, "refused the worker's login", "docs/sql-server.md"},
		"cannot open":     {mssql.Error{Number: 4060, Message: "Cannot open database for sa"}, 4060, "does not let", "grants"},
		"no database":     {mssql.Error{Number: 911, Message: "sa"}, 911, "does not let", "grants"},
		"another refusal": {mssql.Error{Number: 17892, Message: "Logon failed for login 'sa' due to trigger execution."}, 17892, "error 17892", "grants"},
		"refused":         {fmt.Errorf("unable to open: %w", dial), 0, "connection refused", "host and port"},
		"unknown host":    {&net.OpError{Op: "dial", Err: &net.DNSError{Name: "db.example.com"}}, 0, "is unknown", "host"},
		"broken off":      {&net.OpError{Op: "Read", Err: errors.New("EOF")}, 0, "closed the connection", "encryption"},
		"certificate":     {errors.New("TLS Handshake failed: x509: certificate of sa is bad, pass-of-sa"), 0, "x509", "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			p := s.connectProblem(c.err)
			if p.Code != api.CodeShardUnavailable || p.SQLNumber != c.number || !strings.Contains(p.Detail, c.detail) || !strings.Contains(p.Hint, c.hint) {
				t.Errorf("got %+v", p)
			}
			if !strings.Contains(p.Detail, "db.example.com:1444") {
				t.Errorf("%s does not say which server", p.Detail)
			}
			if text := p.Detail + p.Hint; strings.Contains(text, "pass-of-sa") || strings.Contains(text, " sa ") || strings.Contains(text, "'sa'") {
				t.Errorf("%s contains a secret", text)
			}
		})
	}
}
