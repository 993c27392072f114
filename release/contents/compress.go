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
	case bytes.HasPrefix(magic, []byte("BZh")), bytes.HasPrefix(magic, []byte{0x5d, 0, 0}):
		err = errors.New("it is compressed by bzip2 or lzma: what is read is gzip, xz and zstd")
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
