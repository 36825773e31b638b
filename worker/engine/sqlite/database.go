package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"shardeck/shared/api"
	"shardeck/worker/engine/contract"
	"shardeck/worker/engine/sqlite/internal/raw"
	"shardeck/worker/engine/storage"
)

// fileExt is the extension of a database's file.
const fileExt = ".db"

// database is one physical database: a file, its writer and its readers.
type database struct {
	e              *Engine
	name, physical string
	path           string

	// catalog is replaced as a whole. While a change of it is being committed, schemaGen is odd
	// and schemaMu is held (see changeSchema and firstStep).
	catalog   atomic.Pointer[catalog]
	schemaGen atomic.Uint64
	schemaMu  sync.Mutex
	size      atomic.Int64 // last measured size in bytes of the file and its log

	files openedFiles
	store *storage.Store

	gone    atomic.Bool // dropped: its writer must not begin anything
	writer  *writer
	readers *readerPool
}

// createDatabase creates the file of a new database, such that a crash at any point leaves either
// all of it or nothing.
func createDatabase(e *Engine, name string) (*database, error) {
	physical := name + e.cfg.Suffix
	if err := e.fence.discard(physical); err != nil {
		return nil, err
	}
	path := filepath.Join(e.cfg.Dir, physical+fileExt)
	if err := removeIfExists(path); err != nil {
		return nil, err
	}
	if err := initFile(path, name); err != nil {
		return nil, errors.Join(err, e.removeFiles(physical))
	}
	if err := syncDir(e.cfg.Dir); err != nil {
		return nil, errors.Join(err, e.removeFiles(physical))
	}
	db, err := openDatabase(e, path)
	if err != nil {
		return nil, errors.Join(err, e.removeFiles(physical))
	}
	if err := e.fence.adopt(physical); err != nil {
		return nil, errors.Join(err, db.close())
	}
	return db, nil
}

// initFile creates the engine's own tables in a new file.
func initFile(path, name string) error {
	conn, err := openConn(path, raw.Create, readerCache)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, sql := range append([]string{"BEGIN IMMEDIATE"}, metaTables...) {
		if err := conn.Exec(sql); err != nil {
			return err
		}
	}
	s, err := conn.Prepare("INSERT INTO _sd_database (id, name, format) VALUES (1, @p1, @p2)")
	if err != nil {
		return err
	}
	err = errors.Join(s.BindText(0, name), s.BindInt(1, formatVersion))
	if err == nil {
		err = s.Run()
	}
	if err = errors.Join(err, s.Close()); err != nil {
		return err
	}
	return conn.Exec("COMMIT")
}

// openDatabase opens a file created by createDatabase and starts its writer.
func openDatabase(e *Engine, path string) (_ *database, err error) {
	db := &database{e: e, path: path, physical: strings.TrimSuffix(filepath.Base(path), fileExt)}
	conn, err := openConn(path, raw.ReadWrite, writerCache)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, conn.Close())
		}
	}()
	if db.name, err = readName(conn); err != nil {
		return nil, err
	}
	if err = addRunningTime(conn); err != nil {
		return nil, err
	}
	cat, err := loadCatalog(conn)
	if err != nil {
		return nil, err
	}
	db.catalog.Store(cat)
	if db.files, err = openedDatabase(path); err != nil {
		return nil, err
	}
	db.store = e.health.Add(db.name)
	defer func() {
		if err != nil {
			e.health.Remove(db.store)
		}
	}()
	db.measure()
	db.readers = newReaderPool(db, e.cfg.Readers)
	w, err := newWriter(db, conn)
	if err != nil {
		return nil, errors.Join(err, db.readers.close(e.cfg.DropTimeout))
	}
	db.writer = w
	go w.run()
	return db, nil
}

func readName(conn *raw.Conn) (string, error) {
	s, err := conn.Prepare("SELECT name, format FROM _sd_database WHERE id = 1")
	if err != nil {
		return "", fmt.Errorf("the file is not a database of this engine: %w", err)
	}
	defer s.Close()
	ok, err := s.Step()
	if err != nil || !ok {
		return "", errors.Join(errors.New("the file is not a database of this engine"), err)
	}
	if f := s.Int(1); f != formatVersion {
		return "", fmt.Errorf("the file has format %d; this version requires format %d", f, formatVersion)
	}
	return strings.Clone(s.View(0)), nil
}

// pragmas are a connection's settings in the order they are applied; journal_mode is separate.
var pragmas = []string{
	"PRAGMA synchronous = FULL",
	"PRAGMA foreign_keys = ON",
	"PRAGMA trusted_schema = OFF",
	"PRAGMA temp_store = MEMORY",
	"PRAGMA wal_autocheckpoint = 2048",
	fmt.Sprintf("PRAGMA journal_size_limit = %d", journalSizeLimit),
}

// journalSizeLimit is the size to which a log is cut after it was larger.
const journalSizeLimit = 64 << 20

// busyTimeout is how long a connection waits for a lock. Only the writer writes, so waits can
// only come from recovery and checkpoints.
const busyTimeout = 10 * time.Second

// The page caches of a writer and of a reader, in KiB.
const (
	writerCache = 16 << 10
	readerCache = 2 << 10
)

// mapped is how many bytes of the file a reader maps into memory instead of copying pages into a
// cache: a point select takes a third less time, and a count of a large table, which reads only
// the header of each page, is more than ten times as fast. The price is that a disk error during
// a read ends the process with SIGBUS instead of an error; acknowledged writes are safe either
// way. The writer does not map. A 32-bit process has no address space for it.
const mapped = (1 << 30) * (strconv.IntSize / 64)

func openConn(path string, mode raw.Mode, cache int) (*raw.Conn, error) {
	conn, err := raw.Open(path, mode)
	if err != nil {
		return nil, err
	}
	conn.SetBusyTimeout(busyTimeout)
	if err = defineFunctions(conn); err == nil {
		err = useLog(conn)
	}
	if err == nil {
		err = conn.Exec(fmt.Sprintf("PRAGMA cache_size = -%d", cache))
	}
	for i := 0; err == nil && i < len(pragmas); i++ {
		err = conn.Exec(pragmas[i])
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// useLog enables write-ahead logging. A file system without shared memory refuses by leaving the
// mode unchanged.
func useLog(conn *raw.Conn) error {
	s, err := conn.Prepare("PRAGMA journal_mode = WAL")
	if err != nil {
		return err
	}
	if _, err = s.Step(); err == nil && s.View(0) != "wal" {
		err = fmt.Errorf("the file system only supports journal mode %s, not WAL", s.View(0))
	}
	s.Reset()
	return errors.Join(err, s.Close())
}

// refusal is why nothing may begin; nil if it may.
func (db *database) refusal() error {
	if db.gone.Load() {
		return contract.UnknownDatabase(db.name)
	}
	if p := db.store.Refusal(); p != nil {
		return p
	}
	return nil
}

// changeSchema runs commit, which makes a new catalog durable and current, such that no query
// checked against one schema reads with the other.
func (db *database) changeSchema(commit func() error) error {
	db.schemaMu.Lock()
	defer db.schemaMu.Unlock()
	db.schemaGen.Add(1)
	defer db.schemaGen.Add(1)
	return commit()
}

// measure measures the size of the file and its log.
func (db *database) measure() {
	var n int64
	for _, p := range []string{db.path, db.path + "-wal"} {
		if info, err := os.Stat(p); err == nil {
			n += info.Size()
		}
	}
	db.size.Store(n)
}

func (db *database) stats() api.DatabaseStats {
	return api.DatabaseStats{Name: db.name, Physical: db.physical, SizeBytes: db.size.Load(), Tables: db.catalog.Load().stats()}
}

// close ends the work of the writer and the readers and closes the file. The readers go first:
// the writer's connection, as the last, checkpoints the log into the file.
func (db *database) close() error {
	db.writer.stop()
	db.e.health.Remove(db.store)
	err := db.readers.close(db.e.cfg.DropTimeout)
	return errors.Join(err, db.writer.close())
}

// remove closes the database, waiting only so long for its readers, and deletes its files.
func (db *database) remove() error {
	err := db.close()
	return errors.Join(err, db.e.removeFiles(db.physical))
}

// removeFiles deletes the files of a physical database and then the note of their pending
// removal.
func (e *Engine) removeFiles(physical string) error {
	if err := removeIfExists(filepath.Join(e.cfg.Dir, physical+fileExt)); err != nil {
		return err
	}
	if err := syncDir(e.cfg.Dir); err != nil {
		return err
	}
	return e.fence.adopt(physical)
}

func removeIfExists(path string) error {
	for _, suffix := range []string{"-wal", "-shm", "-journal", ""} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// syncDir makes the creation or removal of files in dir durable, on operating systems that
// support it.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
