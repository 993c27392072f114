package contents

import (
	"bufio"
	"bytes"
	"errors"
	"path"
	"strings"
)

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
	if err == nil || w.ends(err) {
		return err
	}
	at.Type, at.Opened, at.Err = Damaged, false, err
	return w.call(at)
}

// ends reports whether an error ends the walk of the whole artifact: the caller's, and those
// that say that it has to end. A nested archive that is damaged does not: sources have such
// ones to test with.
func (w *walker) ends(err error) bool {
	var call *callError
	var limit *LimitError
	return errors.As(err, &call) || errors.As(err, &limit) || w.ctx.Err() != nil
}

// isArchive reports whether a stream begins as a tar does, or as something compressed.
func isArchive(b *bufio.Reader) bool {
	head, _ := b.Peek(262) // shorter, it is none
	kind := CompressionOf(head)
	return kind == Gzip || kind == Zstd || bytes.HasSuffix(head, []byte("ustar"))
}
