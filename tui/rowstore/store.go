package rowstore

import (
	"encoding/binary"
	"fmt"
	"sort"
	"sync"
)

// The defaults of [Options].
const (
	DefaultMemory = 16 << 20
	DefaultDisk   = 8 << 30
)

const (
	blockSize  = 64 << 10 // a block is complete with the row that reaches it
	cacheBytes = 2 << 20  // of blocks read back
)

// Options bound a store. The zero value has the defaults.
type Options struct {
	Memory int64  // bytes of the first rows that stay in memory
	Disk   int64  // bytes of the file
	Dir    string // where the file is created, "" for the system's folder for temporary files
}

// Store holds rows in the order in which they were appended. One goroutine may call Append
// while others call Len and Row.
type Store struct {
	options Options
	create  func(dir string) (file, error)
	cache   cache

	mu      sync.RWMutex // guards what follows, and is never held during I/O
	blocks  []block
	open    []byte // the rows of the block being filled, each after its length
	offsets []uint32
	sealing *loaded // a complete block that is being written
	rows    int
	memory  int64
	disk    int64
	file    file
	failed  error
	closed  bool
}

// block is where the rows from first on are: in memory, or in the file.
type block struct {
	first  int
	rows   *loaded // nil if they are in the file
	offset int64
	size   int
}

// loaded is the rows of a block in memory. It does not change.
type loaded struct {
	data    []byte
	offsets []uint32 // of each row's bytes, and the end
}

func (l *loaded) row(i int) []byte {
	from, to := l.offsets[i], len(l.data)
	n, size := binary.Uvarint(l.data[from:])
	from += uint32(size)
	to = min(to, int(from)+int(n))
	return l.data[from:to:to]
}

// New returns an empty store. It creates no file before it needs one.
func New(o Options) *Store {
	if o.Memory <= 0 {
		o.Memory = DefaultMemory
	}
	if o.Disk <= 0 {
		o.Disk = DefaultDisk
	}
	return &Store{options: o, create: createFile}
}

// Append adds a row, which it copies. After an error, which is a [*FullError], the store keeps
// the rows that it has and takes no more.
func (s *Store) Append(row []byte) error {
	s.mu.Lock()
	switch {
	case s.closed:
		s.mu.Unlock()
		return errClosed
	case s.failed != nil:
		s.mu.Unlock()
		return s.failed
	}
	if s.open == nil {
		s.open = make([]byte, 0, blockSize+blockSize/4)
	}
	s.offsets = append(s.offsets, uint32(len(s.open)))
	s.open = binary.AppendUvarint(s.open, uint64(len(row)))
	s.open = append(s.open, row...)
	s.rows++
	full := len(s.open) >= blockSize
	s.mu.Unlock()
	if !full {
		return nil
	}
	return s.seal()
}

// seal completes the open block: it stays in memory, or is written to the file.
func (s *Store) seal() error {
	s.mu.Lock()
	b := block{first: s.rows - len(s.offsets), rows: &loaded{data: s.open, offsets: s.offsets}, size: len(s.open)}
	s.open, s.offsets = nil, nil
	if s.memory+int64(b.size) <= s.options.Memory {
		s.memory += int64(b.size)
		s.blocks = append(s.blocks, b)
		s.mu.Unlock()
		return nil
	}
	s.sealing = b.rows
	b.offset = s.disk
	f := s.file
	s.mu.Unlock()

	f, err := s.write(f, b)

	s.mu.Lock()
	defer s.mu.Unlock()
	s.file, s.sealing = f, nil
	if err != nil {
		s.failed = &FullError{Rows: s.rows, Dir: s.options.Dir, Err: err}
	} else {
		b.rows = nil
		s.disk += int64(b.size)
	}
	s.blocks = append(s.blocks, b)
	if s.closed && f != nil {
		_ = f.Close()
	}
	return s.failed
}

// write writes a block, into a new file if there is none yet.
func (s *Store) write(f file, b block) (file, error) {
	if b.offset+int64(b.size) > s.options.Disk {
		return f, errLimit
	}
	if f == nil {
		var err error
		if f, err = s.create(s.options.Dir); err != nil {
			return nil, err
		}
	}
	_, err := f.WriteAt(b.rows.data, b.offset)
	return f, err
}

// Len returns the number of rows so far.
func (s *Store) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.rows
}

// Size returns how many bytes of rows are in memory for good, and how many in the file.
func (s *Store) Size() (memory, disk int64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.memory + int64(len(s.open)), s.disk
}

// Row returns row i, from 0. The caller must not change it.
func (s *Store) Row(i int) ([]byte, error) {
	s.mu.RLock()
	if s.closed {
		s.mu.RUnlock()
		return nil, errClosed
	}
	if i < 0 || i >= s.rows {
		n := s.rows
		s.mu.RUnlock()
		return nil, fmt.Errorf("row %d is not among the %d rows of the result", i+1, n)
	}
	if first := s.rows - len(s.offsets); i >= first {
		l := loaded{data: s.open, offsets: s.offsets}
		s.mu.RUnlock()
		return l.row(i - first), nil
	}
	n := sort.Search(len(s.blocks), func(k int) bool { return s.blocks[k].first > i }) - 1
	// The block being written follows the last one of the list.
	if l := s.sealing; l != nil {
		if first := s.rows - len(s.offsets) - len(l.offsets); i >= first {
			s.mu.RUnlock()
			return l.row(i - first), nil
		}
	}
	b, f := s.blocks[n], s.file
	s.mu.RUnlock()
	if b.rows != nil {
		return b.rows.row(i - b.first), nil
	}
	l, err := s.cache.load(n, b, f)
	if err != nil {
		return nil, fmt.Errorf("row %d cannot be read back from its temporary file: %w", i+1, err)
	}
	if i-b.first >= len(l.offsets) {
		return nil, fmt.Errorf("row %d cannot be read back from its temporary file: %w", i+1, errDamaged)
	}
	return l.row(i - b.first), nil
}

// Close removes the file. Rows cannot be read afterwards.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.blocks, s.open, s.offsets = nil, nil, nil
	s.cache.clear()
	if s.file == nil || s.sealing != nil { // a writer closes what it is writing to
		return nil
	}
	return s.file.Close()
}
