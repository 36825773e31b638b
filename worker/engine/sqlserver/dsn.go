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

// poolOptions are the settings of connections that a connection string does not hold.
type poolOptions struct {
	// Connections bounds the connections to each database; 0 is 64.
	Connections int
	// ConnectTimeout bounds how long a connection may take to be made, logging in included; 0 is 15 s.
	ConnectTimeout time.Duration
	// CancelWait is how long the server may take to acknowledge that it has
	// cancelled a query, before its connection is cut; 0 is 1 s.
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

// server is a parsed connection string: what is needed to connect to any of the server's databases.
type server struct {
	cfg     msdsn.Config
	options poolOptions
}

const appName = "shardeck-worker"

// CheckDSN refuses a connection string that [Open] could not use, without
// connecting. Its errors hold nothing of the string.
func CheckDSN(dsn string) error {
	_, err := parseServer(dsn, poolOptions{})
	return err
}

// parseServer reads a connection string in one of the driver's three forms. Its
// errors, as all of this package's, hold nothing of the string: whoever mistypes
// one may have put the password where a name or a number should be.
func parseServer(dsn string, o poolOptions) (*server, error) {
	if strings.TrimSpace(dsn) == "" {
		return nil, errors.New("the connection string is empty: give one as " + dsnForm)
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
	// A statement is never sent again by itself: whether it can be is for the engine to judge.
	cfg.DisableRetry = true
	// The engine reads GUIDs and dates in these forms.
	cfg.Encoding.GuidConversion = false
	cfg.Encoding.Timezone = time.UTC
	// The driver's log repeats statements and their parameters.
	cfg.LogFlags = 0
	return &server{cfg: cfg, options: o}, nil
}

const dsnForm = "sqlserver://user:password@host:1433?encrypt=true (see docs/sql-server.md)"

const escape = "characters such as @ : / ? # & % in the user or the password must be percent-encoded"

// hasFragment says whether a URL has a part after a #, which the driver takes no
// notice of: it is what follows a # in a password.
func hasFragment(dsn string) bool {
	return strings.HasPrefix(dsn, "sqlserver://") && strings.ContainsRune(dsn, '#')
}

// isOtherURL says whether a string is a URL of something else; the driver would
// read it as pairs of names and values.
func isOtherURL(dsn string) bool {
	scheme, _, ok := strings.Cut(dsn, "://")
	return ok && scheme != "sqlserver" && !strings.ContainsAny(scheme, "=;")
}

// dsnError says what is wrong with a connection string that the driver does not
// take, as far as that can be told without repeating any of it.
func dsnError(dsn string) error {
	if !strings.HasPrefix(dsn, "sqlserver://") {
		return errors.New("the connection string cannot be read: give it as " + dsnForm)
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
			return fmt.Errorf("the connection string has its option %q more than once", lower)
		}
		one := url.URL{Scheme: "sqlserver", Host: "localhost", RawQuery: url.Values{lower: values}.Encode()}
		if _, err := msdsn.Parse(one.String()); err != nil {
			return fmt.Errorf("the connection string's option %q has a value that cannot be used; "+
				"of a certificate, it must be the path of a readable .pem or .der file", lower)
		}
	}
	return errors.New("the connection string cannot be read: " + escape + "; its port must be a number, and its options must agree with each other")
}

// dsnOptions are the options of a connection string, as the driver names them once
// it has read one: those that make a connection, and none that would change a password,
// write a log or need a token that a worker has no way to get.
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

// errUnknownOption does not name the option: it may be the end of a password with a ? or & in it.
// The driver would take no notice of it, which for a mistyped "encrypt" must not be.
func errUnknownOption() error {
	return errors.New("the connection string has an option that is not known: " +
		"check the spelling of each; " + escape)
}

// checkConfig refuses what the driver reads but a worker cannot use, or what a
// password that was not encoded has made of the rest: the host, the port and the
// instance are shown in errors, so that nothing else may stand there.
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
		return errors.New("the connection string asks for a read-only replica, but a worker writes: leave applicationintent out")
	}
	return nil
}

func notInHost(r rune) bool {
	return notInInstance(r) && !strings.ContainsRune(".-:%[]", r) // with colons, an IPv6 address
}

func notInInstance(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_$", r)
}

// address is where the server is, for people: host and port, or host and instance.
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

// redact removes the password, and the user where it stands as a word, from the
// text of an error. A password so short that it may stand anywhere by chance
// leaves nothing of the text.
func (s *server) redact(text string) string {
	const shortest = 4
	if s.cfg.Password != "" {
		if len(s.cfg.Password) < shortest {
			return "the reason is left out, to be sure that it does not hold the password"
		}
		text = strings.ReplaceAll(text, s.cfg.Password, "***")
	}
	return hideWord(text, s.cfg.User)
}

// hideWord replaces a word of a text, wherever it does not stand within another.
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

// inWord says whether the rune next to a word belongs to it.
func inWord(text string, next func(string) (rune, int)) bool {
	r, _ := next(text)
	return text != "" && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_')
}
