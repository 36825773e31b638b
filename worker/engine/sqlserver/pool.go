package sqlserver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"sync"
	"time"

	mssql "github.com/microsoft/go-mssqldb"
	// Kerberos, for connection strings with authenticator=krb5; Windows uses its own
	// implementation, which comes with the driver.
	_ "github.com/microsoft/go-mssqldb/integratedauth/krb5"
)

const (
	// keepIdle is how long an idle connection stays open. Opening one costs more than most
	// statements.
	keepIdle = 5 * time.Minute
	// writerReserve is the fraction of a pool's connections (one in this many) that queries leave
	// to writes: a query with a slow caller keeps its connection, and any number of those must not
	// starve writes.
	writerReserve = 4
)

// pool is the connections to one database of a server. It opens them on demand, up to its bound.
type pool struct {
	*sql.DB
	connector *connector
	readers   chan struct{} // one per running query
}

// open returns the pool of a database's connections, without connecting yet; "" is the database
// named in the connection string, or else the login's default.
func (s *server) open(database string) *pool {
	cfg := s.cfg
	if database != "" {
		cfg.Database = database
	}
	c := &connector{server: s, driver: mssql.NewConnectorConfig(cfg), live: map[*conn]struct{}{}}
	c.driver.Dialer = &dialer{net.Dialer{KeepAlive: cfg.KeepAlive}}
	n := s.options.Connections
	p := &pool{DB: sql.OpenDB(c), connector: c, readers: make(chan struct{}, max(1, n-max(1, n/writerReserve)))}
	p.SetMaxOpenConns(max(2, n))
	p.SetMaxIdleConns(max(2, n))
	p.SetConnMaxIdleTime(keepIdle)
	return p
}

// sever cuts every open connection, so that whatever runs on one ends now, also at the server and
// even if its caller is stuck.
func (p *pool) sever() { p.connector.sever() }

// connector opens the connections of a pool, with a timeout, and tracks the open ones.
type connector struct {
	server *server
	driver *mssql.Connector

	mu   sync.Mutex
	live map[*conn]struct{}
}

// conn is a driver connection that can be cut from outside. The driver itself only bounds
// dialling, not the rest of the login, and waits for up to ten seconds on a server that does not
// acknowledge a cancellation.
type conn struct {
	*mssql.Conn
	owner *connector
	line  *line
	buf   []byte // for the row being encoded, kept for the next query
}

// Connect implements driver.Connector. Its errors are problems, except for those of ctx.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	l := &line{}
	limited, cancel := context.WithTimeout(context.WithValue(ctx, lineKey{}, l), c.server.options.ConnectTimeout)
	defer cancel()
	stop := context.AfterFunc(limited, l.cut)
	dc, err := c.driver.Connect(limited)
	if !stop() && err == nil { // it was cut just as it was completed
		err = errors.Join(limited.Err(), dc.Close())
	}
	if err != nil {
		l.cut() // the driver leaves the line open if its last step failed
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, c.server.connectProblem(err)
	}
	made := &conn{Conn: dc.(*mssql.Conn), owner: c, line: l}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live[made] = struct{}{}
	return made, nil
}

// Driver implements driver.Connector.
func (c *connector) Driver() driver.Driver { return c.driver.Driver() }

func (c *connector) sever() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for made := range c.live {
		made.line.cut()
	}
}

// Close implements driver.Conn.
func (c *conn) Close() error {
	c.owner.mu.Lock()
	delete(c.owner.live, c)
	c.owner.mu.Unlock()
	return c.Conn.Close()
}

// line is the network connection under a connection; while connecting, all that are tried.
type line struct {
	mu   sync.Mutex
	open []net.Conn
	gone bool
}

type lineKey struct{}

// cut closes the line, and any connection added to it later.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gone = true
	for _, c := range l.open {
		_ = c.Close() // already closed by the driver, or now
	}
	l.open = nil
}

func (l *line) add(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gone {
		_ = c.Close()
		return
	}
	l.open = append(l.open, c)
}

// dialer dials for the driver and adds the result to the line in the context.
type dialer struct{ net.Dialer }

// DialContext implements mssql.Dialer.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := d.Dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if l, ok := ctx.Value(lineKey{}).(*line); ok {
		l.add(c)
	}
	return c, nil
}

var (
	_ driver.Connector          = (*connector)(nil)
	_ driver.ConnBeginTx        = (*conn)(nil)
	_ driver.ConnPrepareContext = (*conn)(nil)
	_ driver.NamedValueChecker  = (*conn)(nil)
	_ driver.SessionResetter    = (*conn)(nil)
	_ driver.Validator          = (*conn)(nil)
	_ driver.Pinger             = (*conn)(nil)
)
