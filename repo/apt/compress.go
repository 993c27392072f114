package apt

import (
	"bytes"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// A form is how an index is written: its name's ending, and its compressor; nil for none.
type form struct {
	ending string
	writer func(w io.Writer, size int) (io.WriteCloser, error)
}

// The forms of indexes. apt takes xz first; gz is for those that know no other.
var (
	plain = form{}
	gz    = form{".gz", func(w io.Writer, _ int) (io.WriteCloser, error) {
		return gzip.NewWriterLevel(w, gzip.BestCompression)
	}}
	xzip = form{".xz", func(w io.Writer, size int) (io.WriteCloser, error) {
		// No more of a dictionary than there is to look back at.
		return xz.WriterConfig{DictCap: min(max(size, lzma.MinDictCap), 8<<20)}.NewWriter(w)
	}}
)

func (f form) encode(data []byte) ([]byte, error) {
	if f.writer == nil {
		return data, nil
	}
	var out bytes.Buffer
	w, err := f.writer(&out, len(data))
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}
