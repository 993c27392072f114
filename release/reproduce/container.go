package reproduce

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"time"

	"github.com/blakesmith/ar"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/contents"
)

// compareContainers explains how archives with the same members differ.
func compareContainers(ctx context.Context, want, got build) ([]Finding, error) {
	if want.of.Kind == artifact.Image {
		return compareLayers(ctx, want, got)
	}
	w, err := os.Open(want.file())
	if err != nil {
		return nil, err
	}
	defer w.Close()
	g, err := os.Open(got.file())
	if err != nil {
		return nil, err
	}
	defer g.Close()
	switch contents.FormatOf(want.of.Path) {
	case contents.Deb:
		return compareAr(ctx, w, g)
	case contents.RPM:
		return compareParts(ctx, "payload", payloadOf(w), payloadOf(g))
	}
	return compareStreams(ctx, nil, w, g)
}

// compareParts compares the rest of two readers, where it differs.
func compareParts(ctx context.Context, part string, w, g io.Reader) ([]Finding, error) {
	a, err := read(w)
	if err != nil {
		return nil, err
	}
	b, err := read(g)
	if err != nil || bytes.Equal(a, b) {
		return nil, err
	}
	return compareStreams(ctx, []string{part}, bytes.NewReader(a), bytes.NewReader(b))
}

// compareAr compares the members of a deb as an ar archive has them.
func compareAr(ctx context.Context, w, g io.Reader) ([]Finding, error) {
	ws, gs := ar.NewReader(w), ar.NewReader(g)
	var found []Finding
	for {
		a, aErr := ws.Next()
		b, bErr := gs.Next()
		if errors.Is(aErr, io.EOF) && errors.Is(bErr, io.EOF) {
			return found, nil
		}
		if err := errors.Join(aErr, bErr); err != nil {
			return found, err
		}
		for _, f := range []struct{ what, want, got string }{
			{"name in the ar archive", a.Name, b.Name},
			{"time in the ar archive", a.ModTime.UTC().Format(time.RFC3339), b.ModTime.UTC().Format(time.RFC3339)},
			{"owner in the ar archive", fmt.Sprint(a.Uid, ":", a.Gid), fmt.Sprint(b.Uid, ":", b.Gid)},
			{"mode in the ar archive", fmt.Sprintf("%04o", a.Mode), fmt.Sprintf("%04o", b.Mode)},
		} {
			if f.want != f.got {
				found = append(found, Finding{Where: []string{a.Name}, What: f.what, Want: f.want, Got: f.got})
			}
		}
		of, err := compareParts(ctx, a.Name, ws, gs)
		if err != nil {
			return found, err
		}
		found = append(found, of...)
	}
}

// payloadOf returns what is behind the lead and the two headers of an rpm.
func payloadOf(r io.Reader) io.Reader {
	if _, err := io.CopyN(io.Discard, r, 96); err != nil {
		return failed{err}
	}
	for _, align := range []int64{8, 1} { // the signature's is padded
		var intro struct{ Magic, Reserved, Tags, Size uint32 }
		if err := binary.Read(r, binary.BigEndian, &intro); err != nil {
			return failed{err}
		}
		size := (int64(intro.Size) + align - 1) / align * align
		if _, err := io.CopyN(io.Discard, r, 16*int64(intro.Tags)+size); err != nil {
			return failed{err}
		}
	}
	return r
}

// A failed reader has only an error.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }

// compareStreams says how two archives were written that hold the same: compressed by
// something else, in another way, or with other bytes between the members.
func compareStreams(ctx context.Context, where []string, w, g io.Reader) ([]Finding, error) {
	a, err := decompress(w)
	if err != nil {
		return nil, err
	}
	defer a.close()
	b, err := decompress(g)
	if err != nil {
		return nil, err
	}
	defer b.close()
	if a.kind != b.kind {
		return []Finding{{Where: where, What: "compression", Want: a.kind, Got: b.kind}}, nil
	}
	found := in(where, a.compareHeader(b))
	at, err := firstDifference(ctx, a, b)
	switch {
	case err != nil:
		return found, err
	case at >= 0:
		return append(found, Finding{Where: where,
			What: fmt.Sprintf("same members, other bytes around them, the first at %#x", at)}), nil
	case a.kind != "":
		return append(found, Finding{Where: where, What: "compressed differently, same content"}), nil
	}
	return found, nil
}

// firstDifference returns where two readers differ first; -1 is nowhere.
func firstDifference(ctx context.Context, w, g io.Reader) (int64, error) {
	a, b := bufio.NewReaderSize(w, 1<<16), bufio.NewReaderSize(g, 1<<16)
	for at := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		x, xErr := a.Peek(1 << 16)
		y, yErr := b.Peek(1 << 16)
		for _, err := range []error{xErr, yErr} {
			if err != nil && !errors.Is(err, io.EOF) {
				return 0, err
			}
		}
		for i := range min(len(x), len(y)) {
			if x[i] != y[i] {
				return at + int64(i), nil
			}
		}
		switch {
		case len(x) != len(y):
			return at + int64(min(len(x), len(y))), nil
		case len(x) == 0:
			return -1, nil
		}
		n := len(x)
		at += int64(n)
		_, _ = a.Discard(n) // what was peeked is there
		_, _ = b.Discard(n)
	}
}

// compareLayers compares the layers of images whose files and configurations are the same.
func compareLayers(ctx context.Context, want, got build) ([]Finding, error) {
	ws, err := want.layers(ctx)
	if err != nil {
		return nil, err
	}
	gs, err := got.layers(ctx)
	if err != nil {
		return nil, err
	}
	var found []Finding
	for _, part := range keysOf(ws, gs) {
		w, g := ws[part], gs[part]
		if w == g || w == "" || g == "" {
			continue
		}
		of, err := compareBlobs(ctx, part, want.blob(w), got.blob(g))
		if err != nil {
			return found, err
		}
		found = append(found, of...)
	}
	return found, nil
}

func compareBlobs(ctx context.Context, part, want, got string) ([]Finding, error) {
	w, err := os.Open(want)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	g, err := os.Open(got)
	if err != nil {
		return nil, err
	}
	defer g.Close()
	return compareStreams(ctx, []string{part}, w, g)
}

func (b build) blob(digest string) string {
	algorithm, hex, _ := strings.Cut(digest, ":")
	return path.Join(b.file(), "blobs", algorithm, hex)
}

// layers returns the digests of an image's layers, by the parts that contents names them.
func (b build) layers(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	err := b.walk(ctx, func(m contents.Member) error {
		if m.Type != contents.Field || m.Name != "manifest" {
			return nil
		}
		var manifest struct {
			Layers []struct{ Digest string }
		}
		if err := json.NewDecoder(m.Reader).Decode(&manifest); err != nil {
			return err
		}
		for i, l := range manifest.Layers {
			out[strings.TrimSpace(fmt.Sprintf("%s layer %d", m.Part, i+1))] = l.Digest
		}
		return nil
	})
	return out, err
}
