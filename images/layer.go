package images

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"
	"github.com/klauspost/pgzip"

	"github.com/slipway-build/slipway/filetree"
)

// A File is a file, a folder or a link of a layer. Folders above it are made.
type File struct {
	Path   string // from the root: /usr/local/bin/kubelet
	Mode   int64  // permissions; 0 is 0644, or 0755 of a folder
	UID    int    // its owner
	GID    int
	Folder bool
	Target string // of a link
	Hard   bool   // the link is another name of the file Target, which comes before it
	Data   []byte
	Source string                        // a file of this machine with its content, instead of Data
	Sum    string                        // of Source, where it is known: see Press
	Size   int64                         // bytes of what Open returns
	Open   func() (io.ReadCloser, error) // its content, instead of both
	Bind   bool                          // an executable that may listen on ports below 1024
	Guest  bool                          // an executable that is for others to run, and finds its libraries there
}

// open opens a file's content, and returns its size in bytes.
func (f File) open() (io.ReadCloser, int64, error) {
	if f.Open != nil {
		r, err := f.Open()
		return r, f.Size, err
	}
	if f.Source == "" {
		return io.NopCloser(bytes.NewReader(f.Data)), int64(len(f.Data)), nil
	}
	r, err := os.Open(f.Source)
	if err != nil {
		return nil, 0, err
	}
	info, err := r.Stat()
	if err != nil {
		r.Close()
		return nil, 0, err
	}
	return r, info.Size(), nil
}

// A Layer is one that was written, and lies in a file.
type Layer struct {
	Hash  v1.Hash         `json:"digest"`  // of what lies there
	Diff  v1.Hash         `json:"diff_id"` // of what it unpacks to
	Bytes int64           `json:"size"`    // of what lies there
	Full  int64           `json:"full"`    // of what it unpacks to
	Type  types.MediaType `json:"media_type"`
	Files []Listed        `json:"files"` // sorted by path
	file  string
}

// A Listed is what is known of a file in a layer without reading it.
type Listed struct {
	Path   string `json:"path"`
	Target string `json:"target,omitempty"`
	Folder bool   `json:"folder,omitempty"`
}

// At returns the layer as it lies in a file.
func (l Layer) At(file string) *Layer {
	l.file = file
	return &l
}

// What follows is what makes it a v1.Layer.

// Digest returns the sum of the layer as it lies there.
func (l *Layer) Digest() (v1.Hash, error) { return l.Hash, nil }

// DiffID returns the sum of what it unpacks to.
func (l *Layer) DiffID() (v1.Hash, error) { return l.Diff, nil }

// Size returns the bytes of the layer as it lies there.
func (l *Layer) Size() (int64, error) { return l.Bytes, nil }

// MediaType returns how it is compressed.
func (l *Layer) MediaType() (types.MediaType, error) { return l.Type, nil }

// Compressed opens the layer.
func (l *Layer) Compressed() (io.ReadCloser, error) { return os.Open(l.file) }

// Uncompressed opens what it unpacks to.
func (l *Layer) Uncompressed() (io.ReadCloser, error) {
	f, err := os.Open(l.file)
	if err != nil {
		return nil, err
	}
	var r io.ReadCloser
	if l.Type == types.OCILayerZStd {
		var z *zstd.Decoder
		if z, err = zstd.NewReader(f); err == nil {
			r = z.IOReadCloser()
		}
	} else {
		r, err = pgzip.NewReader(f)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return both{r, f}, nil
}

// both is what is read, and what it is read from.
type both struct {
	io.ReadCloser
	from io.Closer
}

func (b both) Close() error { return errors.Join(b.ReadCloser.Close(), b.from.Close()) }

// A Press writes layers. By zstd it compresses a file whose sum is known once,
// however many layers have it, and keeps what that comes to.
type Press struct {
	mu   sync.Mutex
	kept map[string][]*piece // by the sum
}

// Write writes a layer with files to a file that is not there yet. Everything
// carries the one date. compression is gzip or zstd.
func (p *Press) Write(file string, files []File, compression string, date time.Time) (*Layer, error) {
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	l := &Layer{Type: types.OCILayer, file: file}
	packed, plain := counted{hash: sha256.New()}, counted{hash: sha256.New()}
	w, err := Compressor(io.MultiWriter(f, &packed), compression)
	if err != nil {
		return nil, err
	}
	if compression == "zstd" {
		l.Type = types.OCILayerZStd
	}
	l.Files, err = archive(io.MultiWriter(w, &plain), files, date, p.file(w))
	if err := errors.Join(err, w.Close()); err != nil {
		return nil, err
	}
	l.Hash, l.Bytes, l.Diff, l.Full = packed.sum(), packed.n, plain.sum(), plain.n
	return l, f.Close()
}

// file returns what has a file's content written to w.
func (p *Press) file(w io.Writer) func(sum string, write func() error) error {
	return func(sum string, write func() error) error {
		f, ok := w.(*frames)
		if !ok || sum == "" {
			return write()
		}
		p.mu.Lock()
		have := p.kept[sum]
		p.mu.Unlock()
		have, err := f.file(have, write)
		if err != nil {
			return err
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.kept == nil {
			p.kept = map[string][]*piece{}
		}
		p.kept[sum] = have
		return nil
	}
}

// A counted sums what is written to it.
type counted struct {
	hash hash.Hash
	n    int64
}

func (c *counted) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return c.hash.Write(p)
}

func (c *counted) sum() v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(c.hash.Sum(nil))}
}

// archive writes files as a tar archive, in the order of their paths. It calls
// content to have the content of each written.
func archive(w io.Writer, files []File, date time.Time, content func(sum string, write func() error) error) ([]Listed, error) {
	all := slices.Clone(files)
	for _, f := range files {
		for dir := path.Dir(f.Path); dir != "/"; dir = path.Dir(dir) {
			all = append(all, File{Path: dir, Folder: true})
		}
	}
	// The files that were named come before the folders that are only implied.
	slices.SortStableFunc(all, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	all = slices.CompactFunc(all, func(a, b File) bool { return a.Path == b.Path && b.Folder })
	t := tar.NewWriter(w)
	var out []Listed
	for i, f := range all {
		if i > 0 && all[i-1].Path == f.Path {
			return nil, fmt.Errorf("%s is in the image twice", f.Path)
		}
		if err := f.write(t, date, content); err != nil {
			return nil, err
		}
		l := Listed{Path: f.Path, Folder: f.Folder}
		if !f.Hard {
			l.Target = f.Target
		}
		out = append(out, l)
	}
	return out, t.Close()
}

func (f File) write(t *tar.Writer, date time.Time, content func(sum string, write func() error) error) error {
	h := &tar.Header{Name: strings.TrimPrefix(f.Path, "/"), Mode: f.Mode, Uid: f.UID, Gid: f.GID, ModTime: date.UTC().Truncate(time.Second), Format: tar.FormatUSTAR}
	switch {
	case f.Hard:
		h.Typeflag, h.Linkname = tar.TypeLink, strings.TrimPrefix(f.Target, "/")
		return t.WriteHeader(h)
	case f.Target != "":
		h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, f.Target, 0o777
		return t.WriteHeader(h)
	case f.Folder:
		h.Typeflag, h.Name = tar.TypeDir, h.Name+"/"
		if h.Mode == 0 {
			h.Mode = 0o755
		}
		return t.WriteHeader(h)
	}
	r, size, err := f.open()
	if err != nil {
		return err
	}
	defer r.Close()
	h.Typeflag, h.Size = tar.TypeReg, size
	if h.Mode == 0 {
		h.Mode = 0o644
	}
	if f.Bind {
		h.Format, h.PAXRecords = tar.FormatPAX, map[string]string{"SCHILY.xattr.security.capability": string(netBindService())}
	}
	if err := t.WriteHeader(h); err != nil {
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	err = content(f.Sum, func() error {
		_, err := io.Copy(t, r)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	return nil
}

// netBindService is cap_net_bind_service=ep as the kernel keeps it with a file:
// struct vfs_cap_data of linux/capability.h, revision 2.
func netBindService() []byte {
	const revision2, effective, bit = 0x02000000, 1, 1 << 10
	var b []byte
	for _, word := range []uint32{revision2 | effective, bit, 0, 0, 0} {
		b = binary.LittleEndian.AppendUint32(b, word)
	}
	return b
}

// Link puts the layer into a folder of blobs, which are called by their sums.
func (l *Layer) Link(blobs string) error {
	to := filepath.Join(blobs, l.Hash.Hex)
	if _, err := os.Stat(to); err == nil {
		return nil
	}
	return errors.Join(os.MkdirAll(blobs, 0o755), filetree.LinkOrCopy(l.file, to, filetree.Regular))
}
