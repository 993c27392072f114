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

	"github.com/slipway-build/slipway/release/contents"
)

// A stream is what something compressed holds.
type stream struct {
	io.Reader
	kind   string // a compression of contents; "" is not compressed
	header []fact // of a gzip
	close  func()
}

// A fact is a field of a header.
type fact struct{ name, value string }

// decompress opens what may be compressed. Unlike that of contents, it tells by what and how.
func decompress(r io.Reader) (stream, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	head, _ := b.Peek(10) // shorter is no error: then it is not compressed
	s := stream{kind: contents.CompressionOf(head)}
	var err error
	s.Reader, s.close, err = contents.Decompress(b, s.kind)
	if z, ok := s.Reader.(*gzip.Reader); ok && err == nil {
		s.header = gzipHeader(z.Header, head[len(head)-2:]) // for what it was compressed, and on which system
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
