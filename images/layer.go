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

// A File is a file, a dir or a link of a layer. Missing dirs above it are added.
//
// Its content is one of three: Data, the file Source of this machine, or what Open
// returns.
type File struct {
	Path   string // absolute: /usr/local/bin/kubelet
	Mode   int64  // permissions; 0 is 0644, of a dir 0755
	UID    int    // the owner
	GID    int
	Folder bool   // a dir
	Target string // of a link: where it points to
	Hard   bool   // a hard link to the file Target, an absolute path that sorts before it
	Data   []byte
	Source string
	Sum    string // identifies the content of Source; LayerWriter compresses each once. May be empty
	Size   int64  // bytes that Open returns
	Open   func() (io.ReadCloser, error)
	Bind   bool // an executable with CAP_NET_BIND_SERVICE: it may listen on ports below 1024
	Guest  bool // an executable for a host to run: its libraries are there, not in the image
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

// A Layer is a compressed layer in a file of this machine. It implements v1.Layer. The cache
// stores it as JSON.
type Layer struct {
	CompressedHash   v1.Hash         `json:"digest"`
	UncompressedHash v1.Hash         `json:"diff_id"`
	CompressedSize   int64           `json:"size"` // bytes
	UncompressedSize int64           `json:"full"` // bytes
	Type             types.MediaType `json:"media_type"`
	Files            []Entry         `json:"files"` // sorted by path
	file             string
}

// An Entry describes a path of a layer or an image, as far as Check needs it.
type Entry struct {
	Path   string `json:"path"`             // absolute
	Target string `json:"target,omitempty"` // of a symbolic link
	Folder bool   `json:"folder,omitempty"` // a dir
	Mode   int64  `json:"mode,omitempty"`   // permissions of a dir; 0 is 0755

	layer int    // which of Base.Layers has its content
	name  string // its path in there, if that is another one
}

// entry returns what a file is as an entry of a layer.
func (f File) entry() Entry {
	e := Entry{Path: f.Path, Folder: f.Folder}
	if !f.Hard {
		e.Target = f.Target
	}
	if f.Folder && f.Mode != 0o755 {
		e.Mode = f.Mode
	}
	return e
}

// At returns the layer with its content in a file, compressed.
func (l Layer) At(file string) *Layer {
	l.file = file
	return &l
}

// Digest returns the hash of the compressed layer, as v1.Layer has it.
func (l *Layer) Digest() (v1.Hash, error) { return l.CompressedHash, nil }

// DiffID returns the hash of the uncompressed layer, as v1.Layer has it.
func (l *Layer) DiffID() (v1.Hash, error) { return l.UncompressedHash, nil }

// Size returns the compressed size in bytes, as v1.Layer has it.
func (l *Layer) Size() (int64, error) { return l.CompressedSize, nil }

// MediaType returns the media type, which names the compression.
func (l *Layer) MediaType() (types.MediaType, error) { return l.Type, nil }

// Compressed opens the compressed layer.
func (l *Layer) Compressed() (io.ReadCloser, error) { return os.Open(l.file) }

// Uncompressed opens the layer, and uncompresses it.
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
	return reader{r, f}, nil
}

// A reader uncompresses a file, and closes it.
type reader struct {
	io.ReadCloser
	file io.Closer
}

func (r reader) Close() error { return errors.Join(r.ReadCloser.Close(), r.file.Close()) }

// A LayerWriter writes layers. Its zero value is ready to use, by several
// goroutines at a time.
//
// With zstd it compresses a file whose Sum is set only once, however many layers
// hold it: it keeps the compressed frames in memory.
type LayerWriter struct {
	mu     sync.Mutex
	frames map[string][]*frame // by Sum
}

// Write writes a layer to file, which it creates. All entries have the same time,
// date. compression is gzip or zstd. The same files make the same bytes, in
// whatever order they are given.
func (w *LayerWriter) Write(file string, files []File, compression string, date time.Time) (*Layer, error) {
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	l := &Layer{Type: types.OCILayer, file: file}
	compressed, uncompressed := hasher{hash: sha256.New()}, hasher{hash: sha256.New()}
	c, err := Compressor(io.MultiWriter(f, &compressed), compression)
	if err != nil {
		return nil, err
	}
	if compression == "zstd" {
		l.Type = types.OCILayerZStd
	}
	l.Files, err = writeTar(io.MultiWriter(c, &uncompressed), files, date, w.contentWriter(c))
	if err := errors.Join(err, c.Close()); err != nil {
		return nil, err
	}
	l.CompressedHash, l.CompressedSize = compressed.sum(), compressed.n
	l.UncompressedHash, l.UncompressedSize = uncompressed.sum(), uncompressed.n
	return l, f.Close()
}

// A contentWriter calls write, which writes the content of a file with that Sum.
type contentWriter func(sum string, write func() error) error

// contentWriter returns the one for a compressor, which takes the compressed
// frames of a file from an earlier layer, where it can.
func (w *LayerWriter) contentWriter(c io.Writer) contentWriter {
	return func(sum string, write func() error) error {
		z, ok := c.(*zstdWriter)
		if !ok || sum == "" {
			return write()
		}
		w.mu.Lock()
		frames := w.frames[sum]
		w.mu.Unlock()
		frames, err := z.writeFile(frames, write)
		if err != nil {
			return err
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.frames == nil {
			w.frames = map[string][]*frame{}
		}
		w.frames[sum] = frames
		return nil
	}
}

// A hasher hashes and counts what is written to it.
type hasher struct {
	hash hash.Hash
	n    int64 // bytes
}

func (h *hasher) Write(p []byte) (int, error) {
	h.n += int64(len(p))
	return h.hash.Write(p)
}

func (h *hasher) sum() v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(h.hash.Sum(nil))}
}

// writeTar writes files as a tar archive, sorted by path, with the dirs above them.
func writeTar(w io.Writer, files []File, date time.Time, content contentWriter) ([]Entry, error) {
	all := slices.Clone(files)
	for _, f := range files {
		for dir := path.Dir(f.Path); dir != "/"; dir = path.Dir(dir) {
			all = append(all, File{Path: dir, Folder: true})
		}
	}
	// The sort is stable, so a dir that was given comes before one that is implied,
	// and stays.
	slices.SortStableFunc(all, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	all = slices.CompactFunc(all, func(a, b File) bool { return a.Path == b.Path && b.Folder })
	t := tar.NewWriter(w)
	var out []Entry
	for i, f := range all {
		if i > 0 && all[i-1].Path == f.Path {
			return nil, fmt.Errorf("%s is in the layer twice", f.Path)
		}
		if err := f.write(t, date, content); err != nil {
			return nil, err
		}
		out = append(out, f.entry())
	}
	return out, t.Close()
}

// header returns the tar header of a file, but for the size. To archive/tar, FormatPAX is
// USTAR where that can hold the file, with a PAX header before it where it cannot: for long
// names and targets, names that are not ASCII, and large numbers.
func (f File) header(date time.Time) *tar.Header {
	h := &tar.Header{
		Typeflag: tar.TypeReg, Name: strings.TrimPrefix(f.Path, "/"), Mode: f.Mode, Uid: f.UID, Gid: f.GID,
		ModTime: date.UTC().Truncate(time.Second), Format: tar.FormatPAX,
	}
	switch {
	case f.Hard:
		h.Typeflag, h.Linkname = tar.TypeLink, strings.TrimPrefix(f.Target, "/")
	case f.Target != "":
		h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, f.Target, 0o777
	case f.Folder:
		h.Typeflag, h.Name = tar.TypeDir, h.Name+"/"
		if h.Mode == 0 {
			h.Mode = 0o755
		}
	case h.Mode == 0:
		h.Mode = 0o644
	}
	if h.Typeflag == tar.TypeReg && f.Bind {
		h.PAXRecords = map[string]string{"SCHILY.xattr.security.capability": string(netBindService())}
	}
	return h
}

// write writes a file to a tar archive.
func (f File) write(t *tar.Writer, date time.Time, content contentWriter) error {
	h := f.header(date)
	if h.Typeflag != tar.TypeReg {
		return t.WriteHeader(h)
	}
	r, size, err := f.open()
	if err != nil {
		return err
	}
	defer r.Close()
	h.Size = size
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

// netBindService is cap_net_bind_service=ep as the kernel stores it in an extended
// attribute: struct vfs_cap_data of linux/capability.h, revision 2.
func netBindService() []byte {
	const revision2, effective, bit = 0x02000000, 1, 1 << 10
	var b []byte
	for _, word := range []uint32{revision2 | effective, bit, 0, 0, 0} {
		b = binary.LittleEndian.AppendUint32(b, word)
	}
	return b
}

// Link puts the layer into blobs, the dir of an OCI layout whose files are named by
// their hashes, unless it is already there.
func (l *Layer) Link(blobs string) error {
	to := filepath.Join(blobs, l.CompressedHash.Hex)
	switch info, err := os.Lstat(to); {
	case err == nil && info.Mode().IsRegular():
		return nil
	case err == nil:
		if err := os.Remove(to); err != nil {
			return err
		}
	}
	return errors.Join(os.MkdirAll(blobs, 0o755), filetree.LinkOrCopy(l.file, to, filetree.Regular))
}

// Point puts a symbolic link to the layer into blobs, which Link replaces, unless something
// is already there.
func (l *Layer) Point(blobs string) error {
	to := filepath.Join(blobs, l.CompressedHash.Hex)
	if _, err := os.Stat(to); err == nil {
		return nil
	}
	return errors.Join(os.MkdirAll(blobs, 0o755), os.Symlink(l.file, to))
}
