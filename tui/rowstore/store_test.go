package rowstore

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"pgregory.net/rapid"
)

func row(i int) []byte {
	return fmt.Appendf(nil, `[%d,"customer %d","2024-01-%02d",%d.25,null,true]`, i, i*7, i%28+1, i)
}

func TestMillionRowsInBoundedMemory(t *testing.T) {
	const n = 1_000_000
	s := New(Options{Memory: 4 << 20, Dir: t.TempDir()})
	defer s.Close()
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for i := range n {
		if err := s.Append(row(i)); err != nil {
			t.Fatal(err)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	check := func(i int) {
		got, err := s.Row(i)
		if err != nil || !bytes.Equal(got, row(i)) {
			t.Fatalf("row %d is %q, %v", i, got, err)
		}
	}
	for range 2000 {
		check(random.IntN(n))
	}
	for i := n / 2; i < n/2+5000; i++ {
		check(i)
	}
	check(0)
	check(n - 1)
	memory, disk := s.Size()
	if s.Len() != n || disk < 40<<20 {
		t.Errorf("%d rows, %d bytes on disk", s.Len(), disk)
	}
	if grown := int64(heap()) - int64(before); grown > 16<<20 {
		t.Errorf("%d rows take %d bytes of memory, of which %d by intent", n, grown, memory)
	}
	runtime.KeepAlive(s)
}

func TestRowsComeBackAsTheyWere(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		s := New(Options{Memory: int64(rapid.SampledFrom([]int{1, 70 << 10, 1 << 20}).Draw(t, "memory")), Dir: dir})
		defer s.Close()
		sizes := rapid.SliceOfN(rapid.SampledFrom([]int{0, 1, 100, 5000, blockSize - 1, blockSize, 3 * blockSize}), 0, 40).Draw(t, "sizes")
		for i, n := range sizes {
			if err := s.Append(bytes.Repeat([]byte{byte('a' + i%26)}, n)); err != nil {
				t.Fatal(err)
			}
		}
		for i, n := range sizes {
			got, err := s.Row(i)
			if err != nil || len(got) != n || n > 0 && got[n-1] != byte('a'+i%26) {
				t.Fatalf("row %d of %d bytes: %d bytes, %v", i, n, len(got), err)
			}
		}
		if _, err := s.Row(len(sizes)); err == nil {
			t.Fatal("there is a row after the last one")
		}
		if _, err := s.Row(-1); err == nil {
			t.Fatal("there is a row before the first one")
		}
	})
}

func TestSmallResultNeedsNoFile(t *testing.T) {
	s := New(Options{Dir: "/nonexistent"})
	for i := range 1000 {
		if err := s.Append(row(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.Row(1); err == nil {
		t.Error("a closed store returns rows")
	}
	if s.Append(nil) == nil {
		t.Error("a closed store takes rows")
	}
}

func TestFileIsPrivateAndLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	f, err := createFile(dir)
	if err != nil {
		t.Fatal(err)
	}
	info, err := f.(*temporary).Stat()
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" {
		if info.Mode().Perm() != 0o600 {
			t.Errorf("permissions %v", info.Mode())
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("the file has the name %s while it is open", left[0].Name())
		}
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%s is left", left[0].Name())
	}
}

// fullFile has room for a number of bytes.
type fullFile struct {
	file
	room int64
}

func (f *fullFile) WriteAt(b []byte, off int64) (int, error) {
	if off+int64(len(b)) > f.room {
		return 0, &os.PathError{Op: "write", Path: "rows", Err: syscall.ENOSPC}
	}
	return f.file.WriteAt(b, off)
}

func TestFullDiskKeepsWhatArrived(t *testing.T) {
	dir := t.TempDir()
	s := New(Options{Memory: 1, Dir: dir})
	defer s.Close()
	s.create = func(dir string) (file, error) {
		f, err := createFile(dir)
		return &fullFile{f, 3 * blockSize}, err
	}
	var err error
	n := 0
	for ; err == nil && n < 100_000; n++ {
		err = s.Append(row(n))
	}
	var full *FullError
	if !errors.As(err, &full) || !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("after %d rows: %v", n, err)
	}
	if text := err.Error(); !strings.Contains(text, dir) || !strings.Contains(text, "is full") || full.Rows != n || s.Len() != n {
		t.Errorf("%d rows of %d: %s", s.Len(), n, text)
	}
	for i := range n {
		if got, err := s.Row(i); err != nil || !bytes.Equal(got, row(i)) {
			t.Fatalf("row %d is %q, %v", i, got, err)
		}
	}
	if again := s.Append(row(n)); again == nil || s.Len() != n {
		t.Errorf("a further row: %v, %d rows", again, s.Len())
	}
}

func TestLimitOnDiskIsNamed(t *testing.T) {
	s := New(Options{Memory: 1, Disk: blockSize * 2, Dir: t.TempDir()})
	defer s.Close()
	var err error
	for i := 0; err == nil && i < 100_000; i++ {
		err = s.Append(row(i))
	}
	if !errors.Is(err, errLimit) || !strings.Contains(err.Error(), "too large") {
		t.Error(err)
	}
	bad := New(Options{Memory: 1, Dir: "/nonexistent"})
	for i := 0; ; i++ {
		if err := bad.Append(row(i)); err != nil {
			if bad.Len() != i+1 {
				t.Errorf("%d rows after %d: %v", bad.Len(), i+1, err)
			}
			break
		}
	}
}

func TestReadersAndWriterAtTheSameTime(t *testing.T) {
	s := New(Options{Memory: 128 << 10, Dir: t.TempDir()})
	defer s.Close()
	const n = 50_000
	var wg sync.WaitGroup
	for reader := range 2 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(reader), 1))
			for s.Len() < n {
				if have := s.Len(); have > 0 {
					for _, i := range []int{random.IntN(have), have - 1} {
						if got, err := s.Row(i); err != nil || !bytes.Equal(got, row(i)) {
							t.Errorf("row %d is %q, %v", i, got, err)
							return
						}
					}
				}
			}
		})
	}
	for i := range n {
		if err := s.Append(row(i)); err != nil {
			t.Error(err)
			break
		}
	}
	wg.Wait()
}

func TestCloseWhileWriting(t *testing.T) {
	dir := t.TempDir()
	s := New(Options{Memory: 1, Dir: dir})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; s.Append(row(i)) == nil; i++ {
		}
	}()
	for s.Len() < 5000 {
		runtime.Gosched()
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	<-done
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%s is left", left[0].Name())
	}
}

func BenchmarkAppend(b *testing.B) {
	s := New(Options{Memory: 1 << 20, Dir: b.TempDir()})
	defer s.Close()
	r := row(12345)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Append(r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRandomRow(b *testing.B) {
	s := New(Options{Memory: 1 << 20, Dir: b.TempDir()})
	defer s.Close()
	for i := range 200_000 {
		if err := s.Append(row(i)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, err := s.Row(i); err != nil {
			b.Fatal(err)
		}
		i = (i + 7919) % 200_000
	}
}
