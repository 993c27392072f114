package images

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/slipway-build/slipway/internal/testkit"
)

// TestCompressor compresses what is more than some frames, or ends where one
// does, on one processor and on many, in pieces that never fit.
func TestCompressor(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	random := rand.New(rand.NewPCG(1, 2))
	var plain []byte
	for len(plain) < 2*frame+4321 {
		plain = append(plain, strings.Repeat("sails, rigging"[:1+random.IntN(14)], 1+random.IntN(200))...)
	}
	for _, size := range []int{1, frame, len(plain)} {
		var first []byte
		for _, processors := range []int{1, 16} {
			runtime.GOMAXPROCS(processors)
			var out bytes.Buffer
			w, err := Compressor(&out, "zstd")
			if err != nil {
				t.Fatal(err)
			}
			_, err = io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{bytes.NewReader(plain[:size])}, make([]byte, 100003))
			if err := errors.Join(err, w.Close()); err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = out.Bytes()
			}
			if !bytes.Equal(out.Bytes(), first) {
				t.Errorf("%d bytes: %d processors write others than one does", size, processors)
			}
		}
		unpacks(t, first, plain[:size])
	}
}

// TestPress writes one file into several layers, which are what they are by
// themselves.
func TestPress(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "source")
	if err := os.WriteFile(source, []byte(strings.Repeat("sails, rigging", frame/6)), 0o755); err != nil {
		t.Fatal(err)
	}
	layer := func(p *Press, name, sum string) (*Layer, []byte) {
		t.Helper()
		files := []File{{Path: "/" + name, Mode: 0o755, Source: source, Sum: sum}, {Path: "/z", Data: []byte(name)}}
		l, err := p.Write(filepath.Join(dir, "layer"), files, "zstd", date)
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, "layer"))
		if err != nil {
			t.Fatal(err)
		}
		return l, data
	}
	var p Press
	for _, name := range []string{"captain", "cook", "mate"} {
		l, data := layer(&p, name, "ab")
		alone, _ := layer(new(Press), name, "ab")
		if l.Hash != alone.Hash {
			t.Errorf("%s: the layer is %s, and by itself it is %s", name, l.Hash, alone.Hash)
		}
		plain, _ := layer(new(Press), name, "")
		if l.Diff != plain.Diff || l.Full != plain.Full {
			t.Errorf("%s: the layer unpacks to %s, and without a sum to %s", name, l.Diff, plain.Diff)
		}
		r, err := zstd.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, r); err != nil || hex.EncodeToString(sum.Sum(nil)) != l.Diff.Hex {
			t.Errorf("%s: the layer does not unpack to %s: %v", name, l.Diff, err)
		}
		r.Close()
	}
	if len(p.kept) != 1 || len(p.kept["ab"]) != 3 {
		t.Errorf("what is kept: %d files, of them one in %d frames, want 1 in 3", len(p.kept), len(p.kept["ab"]))
	}
}

// unpacks has the library unpack data, and libzstd.
func unpacks(t *testing.T, data, want []byte) {
	t.Helper()
	r, err := zstd.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, compressed, are %d others: %v", len(want), len(got), err)
	}
	testkit.Need(t, "zstd")
	file := filepath.Join(t.TempDir(), "zst")
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := exec.Command("zstd", "-dc", file).Output(); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, compressed, are %d others to zstd: %v", len(want), len(got), err)
	}
}

// full has no room.
type full struct{ err error }

func (f full) Write([]byte) (int, error) { return 0, f.err }

// TestCompressorFull holds that a fault is told, and that nothing waits for ever.
func TestCompressorFull(t *testing.T) {
	noRoom := errors.New("no room")
	for _, how := range []string{"gzip", "zstd"} {
		w, err := Compressor(full{noRoom}, how)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Write(make([]byte, 20*frame))
		if err := errors.Join(err, w.Close()); !errors.Is(err, noRoom) {
			t.Errorf("%s: where there is no room: %v", how, err)
		}
	}
}
