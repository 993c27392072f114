package tarballs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

// noise returns bytes that do not compress, and the same every time.
func noise(n int) []byte {
	out := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(out)
	return out
}

func TestWriteFiles(t *testing.T) {
	program := filepath.Join(t.TempDir(), "captain")
	if err := os.WriteFile(program, []byte("ahoy"), 0o600); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "ship.tgz")
	written, err := WriteFiles(t.Context(), name, []File{
		Text("ship/version", "v1.4.1\n"), // sorted by WriteFiles
		Link("ship/bin/cook", "captain"),
		{Path: "ship/bin/captain", Mode: 0o755, From: program},
		Folder("ship/addons"),
		Text("ship/bin-info", ""),
	}, date)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range read(t, name) {
		h := m.header
		got = append(got, fmt.Sprintf("%s %o %s%s", h.Name, h.Mode, m.content, h.Linkname))
		if h.Uid+h.Gid != 0 || h.Uname+h.Gname != "" || !h.ModTime.Equal(date) {
			t.Errorf("%s is %d:%d %q:%q of %s", h.Name, h.Uid, h.Gid, h.Uname, h.Gname, h.ModTime)
		}
	}
	want := []string{"ship/ 755 ", "ship/addons/ 755 ", "ship/bin-info 644 ", "ship/bin/ 755 ",
		"ship/bin/captain 755 ahoy", "ship/bin/cook 777 captain", "ship/version 644 v1.4.1\n"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%q, want %q", got, want)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(data)); written != (Written{int64(len(data)), sum}) {
		t.Errorf("%+v, but there are %d bytes, %s", written, len(data), sum)
	}
	if info, err := os.Stat(name); err != nil || info.Mode() != 0o644 {
		t.Errorf("the tarball has mode %s, %v", info.Mode(), err)
	}
	if time := data[4:8]; !bytes.Equal(time, make([]byte, 4)) {
		t.Errorf("gzip's header has the time %x", time)
	}
}

// TestWriteFilesIsTheSameEverywhere writes the same files with any number of processors: the
// largest is compressed in several pieces.
func TestWriteFilesIsTheSameEverywhere(t *testing.T) {
	files := []File{
		{Path: "a", Mode: 0o644, Data: noise(3*block + 7)},
		{Path: "b", Mode: 0o755, Data: bytes.Repeat([]byte("many hands make light work\n"), 200_000)},
	}
	var first Written
	for _, processors := range []int{1, 2, 7} {
		before := runtime.GOMAXPROCS(processors)
		name := filepath.Join(t.TempDir(), "ship.tar.gz")
		written, err := WriteFiles(t.Context(), name, files, date)
		runtime.GOMAXPROCS(before)
		if err != nil {
			t.Fatal(err)
		}
		if first == (Written{}) {
			first = written
		}
		if written != first {
			t.Errorf("with %d processors %+v, with one %+v", processors, written, first)
		}
		testkit.Need(t, "gzip")
		if out, err := exec.Command("gzip", "-t", name).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
}

func TestWriteFilesFails(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	for name, c := range map[string]struct {
		ctx  context.Context
		file string
		from string // of its one file
		want string
	}{
		"canceled":            {ended, "ship.tar.gz", "/dev/null", "context canceled"},
		"another archive":     {t.Context(), "ship.zip", "/dev/null", "ship.zip: want a name that ends in .tar.gz or .tgz"},
		"a file that is gone": {t.Context(), "ship.tgz", "/nonexistent/captain", "bin/captain: stat /nonexistent/captain"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			files := []File{{Path: "bin/captain", Mode: 0o755, From: c.from}}
			_, err := WriteFiles(c.ctx, filepath.Join(dir, c.file), files, date)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("%v is left, %v", left, err)
			}
		})
	}
	if _, err := WriteFiles(t.Context(), "/nonexistent/ship.tgz", nil, date); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("into a folder that is not there: %v", err)
	}
}
