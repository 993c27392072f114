package reproduce

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
)

// A stream is what something compressed holds.
type stream struct {
	io.Reader
	kind   string // gzip, xz, zstd; "" is not compressed
	header []fact // of a gzip
	close  func()
}

// A fact is a field of a header.
type fact struct{ name, value string }

// compressed returns by what data is compressed, as its first bytes say.
func compressed(data []byte) string {
	for kind, magic := range map[string]string{"gzip": "\x1f\x8b", "zstd": "\x28\xb5\x2f\xfd", "xz": "\xfd7zXZ\x00"} {
		if bytes.HasPrefix(data, []byte(magic)) {
			return kind
		}
	}
	return ""
}

// decompress opens what may be compressed. Unlike that of contents, it tells by what and how.
func decompress(r io.Reader) (stream, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	head, _ := b.Peek(10) // shorter is no error: then it is not compressed
	s := stream{Reader: b, kind: compressed(head), close: func() {}}
	var err error
	switch s.kind {
	case "gzip":
		flags := head[len(head)-2:] // what it was compressed for, and on which system
		var z *gzip.Reader
		if z, err = gzip.NewReader(b); err == nil {
			s.Reader, s.header = z, gzipHeader(z.Header, flags)
		}
	case "zstd":
		var z *zstd.Decoder
		if z, err = zstd.NewReader(b, zstd.WithDecoderMaxWindow(128<<20), zstd.WithDecoderConcurrency(1)); err == nil {
			s.Reader, s.close = z, z.Close
		}
	case "xz":
		s.Reader, err = xz.NewReader(b, 128<<20)
	}
	return s, err
}

// gzipHeader returns the fields of a gzip's header, by RFC 1952.
func gzipHeader(h gzip.Header, flags []byte) []fact {
	modified := ""
	if !h.ModTime.IsZero() {
		modified = h.ModTime.UTC().Format(time.RFC3339)
	}
	return []fact{
		{"time", modified}, {"name", h.Name}, {"comment", h.Comment}, {"extra field", fmt.Sprintf("%x", h.Extra)},
		{"level (XFL)", fmt.Sprint(flags[0])}, {"system (OS)", fmt.Sprint(flags[1])},
	}
}

func (s stream) compareHeader(of stream) []Finding {
	var found []Finding
	for i, f := range s.header {
		if g := of.header[i]; g.value != f.value {
			found = append(found, Finding{Where: []string{"gzip header"}, What: f.name, Want: f.value, Got: g.value})
		}
	}
	return found
}

// compareCompressed compares two files that are compressed by the same.
func compareCompressed(name string, want, got []byte) []Finding {
	w, err := decompress(bytes.NewReader(want))
	if err != nil {
		return []Finding{differingBytes("content", want, got)}
	}
	defer w.close()
	g, err := decompress(bytes.NewReader(got))
	if err != nil {
		return []Finding{differingBytes("content", want, got)}
	}
	defer g.close()
	found := w.compareHeader(g)
	a, aErr := read(w)
	b, bErr := read(g)
	switch {
	case aErr != nil || bErr != nil:
		return append(found, differingBytes("content", want, got))
	case bytes.Equal(a, b):
		return append(found, Finding{What: "compressed differently, same content"})
	}
	return append(found, in([]string{w.kind}, compareBytes(strings.TrimSuffix(name, path.Ext(name)), a, b))...)
}
