package filetree

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// settle waits until what was written before counts as settled: nobody can set the time that matters.
func settle(t *testing.T) {
	t.Helper()
	time.Sleep(settled + 100*time.Millisecond)
}

// remembered scans a folder and returns the memory of it, written and read.
func remembered(t *testing.T, dir string) *Memory {
	t.Helper()
	name := filepath.Join(t.TempDir(), "sums")
	m := ReadMemory(name, time.Now())
	if _, err := ScanAgain(t.Context(), dir, m); err != nil {
		t.Fatal(err)
	}
	if err := m.Write(name); err != nil {
		t.Fatal(err)
	}
	return ReadMemory(name, time.Now())
}

func TestMemory(t *testing.T) {
	t.Parallel()
	d := lay(t, file{"a", Regular, "aye"}, file{"b/c", Executable, "see"}, file{"l", Link, "a"})
	settle(t)
	m := remembered(t, d.Path)
	if len(m.known) != 2 {
		t.Fatalf("the memory of two files and a link holds %d sums", len(m.known))
	}
	if err := d.Verify(t.Context(), m); err != nil {
		t.Errorf("Verify() of what is remembered = %v", err)
	}
	// It is the memory that answers: with another sum in it, the file is another.
	for s := range m.known {
		m.known[s], m.seen[s] = Sum{}, Sum{}
	}
	if err := d.Verify(t.Context(), m); err == nil {
		t.Error("Verify() reads what is remembered")
	}
}

// TestMemoryRecallsThisRun holds that what was read before in the same run is not read again, but for
// what may have changed since without a trace.
func TestMemoryRecallsThisRun(t *testing.T) {
	t.Parallel()
	old := lay(t, file{"a", Regular, "aye"})
	settle(t)
	m := ReadMemory(filepath.Join(t.TempDir(), "none"), time.Now())
	fresh := lay(t, file{"a", Regular, "aye"})
	for _, c := range []struct {
		about   string
		dir     string
		recalls bool
	}{{"a file that is old", old.Path, true}, {"one that was written just now", fresh.Path, false}} {
		clear(m.seen)
		name := filepath.Join(c.dir, "a")
		size, sum, err := m.Sum(name)
		if err != nil || size != 3 {
			t.Fatalf("%s: %d bytes, %v", c.about, size, err)
		}
		for s := range m.seen { // it is the memory that answers, or it is not
			m.seen[s] = Sum{}
		}
		if _, again, err := m.Sum(name); err != nil || (again != sum) != c.recalls {
			t.Errorf("%s: it is recalled: %v, %v", c.about, again != sum, err)
		}
	}
}

// TestLearn has a memory know files before they are asked for. One that is missing is no matter.
func TestLearn(t *testing.T) {
	t.Parallel()
	d := lay(t, file{"a", Regular, "aye"}, file{"b", Regular, "see"})
	settle(t)
	m := ReadMemory(filepath.Join(t.TempDir(), "sums"), time.Now())
	m.Learn([]string{filepath.Join(d.Path, "a"), filepath.Join(d.Path, "b"), filepath.Join(d.Path, "none")})
	if len(m.seen) != 2 {
		t.Errorf("the memory holds %d sums", len(m.seen))
	}
	(*Memory)(nil).Learn([]string{filepath.Join(d.Path, "a")})
}

// TestMemoryNotices that a file holds something else, in the same size and with the time of its last
// writing put back.
func TestMemoryNotices(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(path string) error{
		"written over": func(path string) error { return os.WriteFile(path, []byte("eye"), 0o644) },
		"replaced": func(path string) error {
			other := path + ".new"
			if err := os.WriteFile(other, []byte("eye"), 0o644); err != nil {
				return err
			}
			return os.Rename(other, path)
		},
	} {
		d := lay(t, file{"a", Regular, "aye"})
		path := filepath.Join(d.Path, "a")
		before, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		settle(t)
		m := remembered(t, d.Path)
		if err := change(path); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, before.ModTime(), before.ModTime()); err != nil {
			t.Fatal(err)
		}
		if err := d.Verify(t.Context(), m); err == nil {
			t.Errorf("%s: Verify() does not notice", name)
		}
	}
}

func TestMemoryOfWhatChangedJustNow(t *testing.T) {
	d := lay(t, file{"a", Regular, "aye"})
	if m := remembered(t, d.Path); len(m.known) != 0 {
		t.Errorf("a file written a moment ago is remembered")
	}
}

func TestMemoryThatIsDamaged(t *testing.T) {
	t.Parallel()
	d := lay(t, file{"a", Regular, "aye"})
	settle(t)
	name := filepath.Join(t.TempDir(), "sums")
	m := ReadMemory(name, time.Now())
	if err := d.Verify(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if err := m.Write(name); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		data := bytes.Clone(whole)
		data[i] ^= 1
		for what, data := range map[string][]byte{"flipped": data, "cut": whole[:i]} {
			if err := os.WriteFile(name, data, 0o644); err != nil {
				t.Fatal(err)
			}
			if got := ReadMemory(name, time.Now()); len(got.known) != 0 {
				t.Errorf("%s at byte %d, the memory is believed", what, i)
			}
		}
	}
}
