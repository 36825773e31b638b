package sqlserver

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/microsoft/go-mssqldb/msdsn"
)

// poolOptions are connection settings that are not part of the connection string.
type poolOptions struct {
	// Connections bounds the connections to each database; 0 is 64.
	Connections int
	// ConnectTimeout bounds connecting, including login; 0 is 15 s.
	ConnectTimeout time.Duration
	// CancelWait is how long the server may take to acknowledge the cancellation of a query before
	// its connection is cut; 0 is 1 s.
	CancelWait time.Duration
}

func (o poolOptions) withDefaults() poolOptions {
	if o.Connections <= 0 {
		o.Connections = 64
	}
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = 15 * time.Second
	}
	if o.CancelWait <= 0 {
		o.CancelWait = time.Second
	}
	return o
}

// server is a parsed connection string, for connecting to any of the server's databases.
type server struct {
	cfg     msdsn.Config
	options poolOptions
}

const appName = "shardeck-worker"

// CheckDSN rejects a connection string that [Open] could not use, without connecting. Its errors
// contain nothing of the string.
func CheckDSN(dsn string) error {
	_, err := parseServer(dsn, poolOptions{})
	return err
}

// parseServer parses a connection string in any of the driver's three forms. Its errors, like all
// of this package's, contain nothing of the string: a typo may have put the password where a name
// or a number belongs.
func parseServer(dsn string, o poolOptions) (*server, error) {
	if strings.TrimSpace(dsn) == "" {
		return nil, errors.New("the connection string is empty: set it to " + dsnForm)
	}
	cfg, err := msdsn.Parse(dsn)
	if err != nil || hasFragment(dsn) || isOtherURL(dsn) {
		return nil, dsnError(dsn)
	}
	if err := checkConfig(&cfg); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	if _, given := cfg.Parameters[msdsn.AppName]; !given {
		cfg.AppName = appName
	}
	if _, given := cfg.Parameters[msdsn.DialTimeout]; !given {
		cfg.DialTimeout = o.ConnectTimeout
	}
	// The driver must never resend a statement: whether that is safe is up to the engine.
	cfg.DisableRetry = true
	// The formats of GUIDs and dates that the engine expects.
	cfg.Encoding.GuidConversion = false
	cfg.Encoding.Timezone = time.UTC
	// The driver's log would contain statements and their parameters.
	cfg.LogFlags = 0
	return &server{cfg: cfg, options: o}, nil
}

const dsnForm = "sqlserver://user:password@host:1433?encrypt=true (see docs/sql-server.md)"

const escape = "characters such as @ : / ? # & % in the user or the password must be percent-encoded"

// hasFragment reports whether a URL has a part after a #, which the driver ignores: it is the
// rest of a password that contains #.
func hasFragment(dsn string) bool {
	return strings.HasPrefix(dsn, "sqlserver://") && strings.ContainsRune(dsn, '#')
}

// isOtherURL reports whether a string is a URL of another kind, which the driver would read as
// name=value pairs.
func isOtherURL(dsn string) bool {
	scheme, _, ok := strings.Cut(dsn, "://")
	return ok && scheme != "sqlserver" && !strings.ContainsAny(scheme, "=;")
}

// dsnError explains why the driver rejects a connection string, as far as possible without
// repeating any of it.
func dsnError(dsn string) error {
	if !strings.HasPrefix(dsn, "sqlserver://") {
		return errors.New("the connection string is invalid: use the form " + dsnForm)
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return errors.New("the connection string is not a valid URL: " + escape)
	}
	for key, values := range u.Query() {
		lower := strings.ToLower(key)
		if !slices.Contains(dsnOptions, lower) {
			return errUnknownOption()
		}
		if len(values) > 1 {
			return fmt.Errorf("the connection string has the option %q more than once", lower)
		}
		one := url.URL{Scheme: "sqlserver", Host: "localhost", RawQuery: url.Values{lower: values}.Encode()}
		if _, err := msdsn.Parse(one.String()); err != nil {
			return fmt.Errorf("the connection string's option %q has an invalid value; "+
				"for a certificate, it must be the path of a readable .pem or .der file", lower)
		}
	}
	return errors.New("the connection string is invalid: " + escape + "; its port must be a number, and its options must agree with each other")
}

// dsnOptions are the allowed options of a connection string, by the driver's names: those for
// connecting, and none that would change a password, write a log or require a token that a worker
// cannot obtain.
var dsnOptions = []string{
	msdsn.Server, msdsn.Port, msdsn.Database, msdsn.UserID, msdsn.Password,
	msdsn.Encrypt, msdsn.TrustServerCertificate, msdsn.Certificate, msdsn.ServerCertificate,
	msdsn.HostNameInCertificate, msdsn.TLSMin, msdsn.EpaEnabled,
	msdsn.AppName, msdsn.WorkstationID, msdsn.PacketSize, msdsn.KeepAlive, msdsn.Protocol, msdsn.Pipe,
	msdsn.ConnectionTimeout, msdsn.DialTimeout, msdsn.DisableRetry, msdsn.ApplicationIntent,
	msdsn.FailoverPartner, msdsn.FailOverPort, msdsn.FailoverPartnerSpn, msdsn.MultiSubnetFailover,
	msdsn.ServerSpn, msdsn.NoTraceID, msdsn.Timezone, msdsn.GuidConversion, "columnencryption",
	// Windows authentication and Kerberos.
	"authenticator", "trusted_connection", "integrated security",
	"krb5-configfile", "krb5-realm", "krb5-keytabfile", "krb5-credcachefile", "krb5-dnslookupkdc", "krb5-udppreferencelimit",
}

// errUnknownOption does not name the option: it may be part of a password that contains ? or &.
// The driver would ignore it, which is dangerous for a mistyped "encrypt".
func errUnknownOption() error {
	return errors.New("the connection string has an unknown option: " +
		"check the spelling of all options; " + escape)
}

// checkConfig rejects what the driver accepts but a worker cannot use, and what an unencoded
// password may have turned into other parts: the host, the port and the instance are shown in
// errors, so that they must not contain anything else.
func checkConfig(cfg *msdsn.Config) error {
	if strings.ContainsFunc(cfg.Host, notInHost) || strings.ContainsFunc(cfg.Instance, notInInstance) {
		return errors.New("the connection string's host or instance is not a name: " + escape)
	}
	for key := range cfg.Parameters {
		if !slices.Contains(dsnOptions, strings.ToLower(key)) {
			return errUnknownOption()
		}
	}
	if cfg.ReadOnlyIntent {
		return errors.New("the connection string requests a read-only replica, but a worker writes: remove applicationintent")
	}
	return nil
}

func notInHost(r rune) bool {
	return notInInstance(r) && !strings.ContainsRune(".-:%[]", r) // contains colons: an IPv6 address
}

func notInInstance(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_$", r)
}

// address is the server's location for messages: host and port, or host and instance.
func (s *server) address() string {
	if s.cfg.Port == 0 && s.cfg.Instance != "" {
		return s.cfg.Host + `\` + s.cfg.Instance
	}
	port := s.cfg.Port
	if port == 0 {
		port = 1433
	}
	return net.JoinHostPort(s.cfg.Host, strconv.FormatUint(port, 10))
}

// redact removes the password, and the user as a separate word, from an error text. If the
// password is so short that it could occur by chance, the whole text is dropped.
func (s *server) redact(text string) string {
	const shortest = 4
	if s.cfg.Password != "" {
		if len(s.cfg.Password) < shortest {
			return "the reason is omitted, as it might contain the password"
		}
		text = strings.ReplaceAll(text, s.cfg.Password, "***")
	}
	return hideWord(text, s.cfg.User)
}

// hideWord replaces a word of a text unless it is part of another word.
func hideWord(text, word string) string {
	if word == "" {
		return text
	}
	var b strings.Builder
	for {
		i := strings.Index(text, word)
		if i < 0 {
			return b.String() + text
		}
		end := i + len(word)
		if inWord(text[:i], utf8.DecodeLastRuneInString) || inWord(text[end:], utf8.DecodeRuneInString) {
			b.WriteString(text[:end])
		} else {
			b.WriteString(text[:i] + "***")
		}
		text = text[end:]
	}
}

// inWord reports whether the rune next to a word belongs to it.
func inWord(text string, next func(string) (rune, int)) bool {
	r, _ := next(text)
	return text != "" && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_')
}
