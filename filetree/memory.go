package filetree

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// A Memory knows what files held when they were last read, by what the file
// system says of them, as git's index does: a file that was written to since,
// or replaced, has another stamp, whatever else was done to hide it. A nil
// Memory knows nothing.
type Memory struct {
	asOf  time.Time     // before any file was read
	known map[stamp]Sum // what the file said, not changed
	mu    sync.Mutex
	seen  map[stamp]Sum // what was asked for, or learned
}

// A stamp is what a file's content cannot change without. Times are in
// nanoseconds since 1970; nobody can set the last.
type stamp struct {
	Dev, Ino               uint64
	Size, Written, Changed int64
}

// settled is how old a file's last change must be for a second one to show in
// its stamp, on a file system with coarse times.
const settled = 2 * time.Second

// ReadMemory reads what Write wrote. Where there is no such file, or it is
// damaged, the Memory is an empty one. now is what the file system's clock says.
func ReadMemory(name string, now time.Time) *Memory {
	m := &Memory{asOf: now, known: map[stamp]Sum{}, seen: map[stamp]Sum{}}
	data, err := os.ReadFile(name)
	if err != nil || len(data) < sha256.Size {
		return m
	}
	sum, data := Sum(data[:sha256.Size]), data[sha256.Size:]
	if sha256.Sum256(data) != sum {
		return m
	}
	size := binary.Size(stamp{}) + sha256.Size
	for ; len(data) >= size; data = data[size:] {
		var s stamp
		n, err := binary.Decode(data, binary.LittleEndian, &s)
		if err != nil {
			break
		}
		m.known[s] = Sum(data[n:size])
	}
	return m
}

// Write writes what was asked for since ReadMemory, in one step. Where nothing
// was learned, name is left alone.
func (m *Memory) Write(name string) error {
	if maps.Equal(m.known, m.seen) {
		return nil
	}
	data := make([]byte, sha256.Size, sha256.Size+len(m.seen)*(binary.Size(stamp{})+sha256.Size))
	for s, sum := range m.seen {
		var err error
		if data, err = binary.Append(data, binary.LittleEndian, s); err != nil {
			return err
		}
		data = append(data, sum[:]...)
	}
	sum := sha256.Sum256(data[sha256.Size:])
	copy(data, sum[:])
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name))
	if err != nil {
		return err
	}
	_, err = bytes.NewReader(data).WriteTo(f)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// Sum returns the size in bytes and the sum of a file's content. It reads what is
// not known.
func (m *Memory) Sum(name string) (int64, Sum, error) {
	info, err := os.Stat(name)
	if err != nil {
		return 0, Sum{}, err
	}
	sum, err := m.sum(name, info)
	return info.Size(), sum, err
}

// Learn reads files that are not known, on all processors, for Sum to have them at hand. One
// that cannot be read is left to Sum.
func (m *Memory) Learn(names []string) {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, name := range names {
		group.Go(func() error {
			_, _, _ = m.Sum(name)
			return nil
		})
	}
	_ = group.Wait()
}

// sum returns the sum of the content of a file that info is about.
func (m *Memory) sum(name string, info fs.FileInfo) (sum Sum, err error) {
	now := stampOf(info)
	if sum, ok := m.recall(now); ok {
		return sum, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return sum, fmt.Errorf("reading %s: %w", name, err)
	}
	h.Sum(sum[:0])
	m.learn(now, sum)
	return sum, nil
}

// recall returns what the file with that stamp holds, if that is known.
func (m *Memory) recall(s stamp) (Sum, bool) {
	if m == nil {
		return Sum{}, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	sum, ok := m.seen[s]
	if !ok {
		if sum, ok = m.known[s]; ok {
			m.seen[s] = sum
		}
	}
	return sum, ok
}

// learn notes what the file holds that had the stamp before it was read.
func (m *Memory) learn(s stamp, sum Sum) {
	if m == nil || m.asOf.UnixNano()-max(s.Changed, s.Written) < int64(settled) {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen[s] = sum
}

// stampOf returns the stamp of the file that info is about.
func stampOf(info fs.FileInfo) stamp {
	st := info.Sys().(*syscall.Stat_t)
	return stamp{
		Dev: uint64(st.Dev), Ino: st.Ino, Size: info.Size(),
		Written: info.ModTime().UnixNano(), Changed: changed(st),
	}
}
