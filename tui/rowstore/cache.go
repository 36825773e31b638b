package rowstore

import (
	"encoding/binary"
	"slices"
	"sync"
)

// cache holds the blocks that were read last. It reads one block at a time: its readers are
// a view and perhaps an export, which mostly want the same or the next one.
type cache struct {
	mu      sync.Mutex
	entries []cached // the one used last at the end
	bytes   int
}

type cached struct {
	block int
	rows  *loaded
}

// load returns block n, reading it if necessary.
func (c *cache) load(n int, b block, f file) (*loaded, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.IndexFunc(c.entries, func(e cached) bool { return e.block == n }); i >= 0 {
		e := c.entries[i]
		c.entries = append(slices.Delete(c.entries, i, i+1), e)
		return e.rows, nil
	}
	data := make([]byte, b.size)
	if _, err := f.ReadAt(data, b.offset); err != nil {
		return nil, err
	}
	l, err := parse(data)
	if err != nil {
		return nil, err
	}
	for len(c.entries) > 0 && c.bytes+b.size > cacheBytes {
		c.bytes -= len(c.entries[0].rows.data)
		c.entries = slices.Delete(c.entries, 0, 1)
	}
	c.entries = append(c.entries, cached{n, l})
	c.bytes += b.size
	return l, nil
}

func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries, c.bytes = nil, 0
}

// parse finds the rows of a block.
func parse(data []byte) (*loaded, error) {
	l := &loaded{data: data}
	for at := 0; at < len(data); {
		n, size := binary.Uvarint(data[at:])
		if size <= 0 || n > uint64(len(data)-at-size) {
			return nil, errDamaged
		}
		l.offsets = append(l.offsets, uint32(at))
		at += size + int(n)
	}
	return l, nil
}
