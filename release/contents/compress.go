package contents

import (
	"bufio"
	"bytes"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
)

// maxWindow bounds how far a decompressor looks back, and so its memory: what zstd -19
// --long and xz -9 write.
const maxWindow = 128 << 20

// decompress returns what r holds, decompressed as its first bytes say, and what frees the
// decompressor. What is read of it counts.
func (w *walker) decompress(r io.Reader) (io.Reader, func(), error) {
	b := bufio.NewReaderSize(r, 1<<16)
	magic, err := b.Peek(6)
	if err != nil && err != io.EOF {
		return nil, nil, err
	}
	var out io.Reader = b
	done := func() {}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		out, err = gzip.NewReader(b)
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		var d *zstd.Decoder
		d, err = zstd.NewReader(b, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderConcurrency(1))
		if err == nil {
			out, done = d, d.Close
		}
	case bytes.HasPrefix(magic, []byte("\xfd7zXZ\x00")):
		out, err = xz.NewReader(b, maxWindow)
	default:
		err = nil
	}
	if err != nil {
		return nil, nil, err
	}
	return &counted{w: w, r: out}, done, nil
}

// A counted reader counts what is read against the limit of the walk, and ends with its
// context.
type counted struct {
	w *walker
	r io.Reader
}

func (c *counted) Read(p []byte) (int, error) {
	if err := c.w.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.r.Read(p)
	if c.w.size += int64(n); c.w.size > c.w.limits.Size {
		return 0, &LimitError{"uncompressed bytes", c.w.limits.Size}
	}
	return n, err
}

// open gives a member that may be an archive, and then the archive's members.
func (w *walker) open(m Member) error {
	format := FormatOf(m.Name)
	b := bufio.NewReaderSize(m.Reader, 1<<12)
	m.Reader = b
	if format == File && path.Base(path.Dir(path.Dir(m.Name))) == "blobs" && isArchive(b) {
		format = Tar // a layer in a layout that is in an archive has no suffix
	}
	if format == File || format == Zip || w.depth >= w.limits.Depth {
		return w.call(m)
	}
	at, prefix := m, w.prefix
	at.Opened, at.Reader = true, strings.NewReader("")
	if err := w.call(at); err != nil {
		return err
	}
	w.prefix, w.depth = joinPart(m.Part, m.Name), w.depth+1
	err := w.walk(b, format, path.Base(m.Name))
	w.prefix, w.depth = prefix, w.depth-1
	return err
}

// isArchive reports whether a stream begins as a tar does, or as something compressed.
func isArchive(b *bufio.Reader) bool {
	head, _ := b.Peek(262)
	return bytes.HasPrefix(head, []byte{0x1f, 0x8b}) || bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}) ||
		bytes.HasSuffix(head, []byte("ustar"))
}
