package tarballs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/pgzip"
	"github.com/mholt/archives"
)

// Revision counts the changes of WriteFiles that change what it writes.
const Revision = 1

// Level is how hard WriteFiles compresses: as gzip does by itself, and so tar czf. Level 9
// takes five times as long, to make a program 2.5 percent smaller.
const Level = 6

// block is how many bytes are compressed as one piece. The processors share the pieces, so
// that how many there are does not show in the bytes, but this number does.
const block = 1 << 20

// A File is one file of a tarball. One of From, Data and Target says what is in it; a folder
// has none.
type File struct {
	Path   string      // with slashes
	Mode   fs.FileMode // 0644, 0755, or the type of a link or a folder
	From   string      // absolute path of the file to take
	Data   []byte
	Target string // of a symbolic link
}

// Text returns a file with a text.
func Text(path, text string) File { return File{Path: path, Mode: 0o644, Data: []byte(text)} }

// Link returns a symbolic link.
func Link(path, target string) File {
	return File{Path: path, Mode: fs.ModeSymlink | 0o777, Target: target}
}

// Folder returns a folder. Those that files are in need not be named.
func Folder(path string) File { return File{Path: path, Mode: fs.ModeDir | 0o755} }

// Written is what a tarball is, once it is written.
type Written struct {
	Size   int64
	SHA256 string // hex
}

// WriteFiles writes files, each path once, to the tarball name, whose extension is .tar.gz or
// .tgz. It compresses on all processors.
//
// All files belong to the user root and have the time date, and they are sorted, so the same
// files make the same bytes. If WriteFiles fails, it leaves no file.
func WriteFiles(ctx context.Context, name string, all []File, date time.Time) (Written, error) {
	if !strings.HasSuffix(name, ".tar.gz") && !strings.HasSuffix(name, ".tgz") {
		return Written{}, fmt.Errorf("%s: want a name that ends in .tar.gz or .tgz", name)
	}
	sorted := slices.SortedFunc(slices.Values(all), func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	m := members{date: date, made: map[string]bool{}}
	for _, f := range sorted {
		if err := m.add(f); err != nil {
			return Written{}, fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	sum := counter{Hash: sha256.New()}
	if err := place(ctx, name, parallel{}, m.list, &sum); err != nil {
		return Written{}, err
	}
	return Written{Size: sum.n, SHA256: hex.EncodeToString(sum.Sum(nil))}, nil
}

// add adds a file, and before it the folders that it is in.
func (m *members) add(f File) error {
	if f.Mode.IsDir() {
		m.folder(f.Path)
		return nil
	}
	m.folder(path.Dir(f.Path))
	info := archives.FileInfo{NameInArchive: f.Path, LinkTarget: f.Target}
	e := entry{name: path.Base(f.Path), size: int64(len(f.Data)), mode: f.Mode, date: m.date}
	info.Open = func() (fs.File, error) { return data{bytes.NewReader(f.Data), e}, nil }
	if f.From != "" {
		stat, err := os.Stat(f.From)
		if err != nil {
			return err
		}
		e.size = stat.Size()
		info.Open = func() (fs.File, error) { return os.Open(f.From) }
	}
	info.FileInfo = e
	m.list = append(m.list, info)
	return nil
}

// data is a file whose content is at hand.
type data struct {
	*bytes.Reader
	entry
}

func (d data) Stat() (fs.FileInfo, error) { return d.entry, nil }
func (d data) Close() error               { return nil }
func (d data) Size() int64                { return d.entry.size }

// parallel is gzip on all processors, without a time or a name in it.
type parallel struct{ archives.Gz }

// OpenWriter returns what compresses to w.
func (parallel) OpenWriter(w io.Writer) (io.WriteCloser, error) { return Compressor(w) }

// Compressor returns what WriteFiles compresses to w with.
func Compressor(w io.Writer) (io.WriteCloser, error) {
	z, err := pgzip.NewWriterLevel(w, Level)
	if err != nil {
		return nil, err
	}
	z.ModTime = time.Unix(0, 0)
	return z, z.SetConcurrency(block, runtime.GOMAXPROCS(0))
}
