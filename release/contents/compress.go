package contents

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
)

// maxWindow bounds how far a decompressor looks back, and so its memory: what zstd -19
// --long and xz -9 write.
const maxWindow = 128 << 20

// The compressions that are read.
const (
	Gzip = "gzip"
	Zstd = "zstd"
	XZ   = "xz"
)

// CompressionOf returns by what something is compressed that begins with head, at least 6
// bytes where there are as many; "" if by nothing that is read.
func CompressionOf(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return Gzip
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return Zstd
	case bytes.HasPrefix(head, []byte("\xfd7zXZ\x00")):
		return XZ
	}
	return ""
}

// Decompress returns what r holds, which is compressed by a compression or, if that is "",
// not; and what frees the decompressor. That of Gzip is a [*gzip.Reader].
func Decompress(r io.Reader, compression string) (io.Reader, func(), error) {
	var out io.Reader
	var err error
	switch compression {
	case Gzip:
		out, err = gzip.NewReader(r)
	case Zstd:
		var d *zstd.Decoder
		d, err = zstd.NewReader(r, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderConcurrency(1))
		if err == nil {
			return d, d.Close, nil
		}
	case XZ:
		out, err = xz.NewReader(r, maxWindow)
	default:
		out = r
	}
	return out, func() {}, err
}

// decompress returns what r holds, decompressed as its first bytes say, and what frees the
// decompressor. What is read of it counts.
func (w *walker) decompress(r io.Reader) (io.Reader, func(), error) {
	b := bufio.NewReaderSize(r, 1<<16)
	head, err := b.Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	if bytes.HasPrefix(head, []byte("BZh")) || bytes.HasPrefix(head, []byte{0x5d, 0, 0}) {
		return nil, nil, errors.New("it is compressed by bzip2 or lzma: what is read is gzip, xz and zstd")
	}
	out, free, err := Decompress(b, CompressionOf(head))
	if err != nil {
		return nil, nil, err
	}
	return &counted{w: w, r: out}, free, nil
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
