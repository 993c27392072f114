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

// sails returns compressible bytes, at least n of them.
func sails(n int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	var plain []byte
	for len(plain) < n {
		plain = append(plain, strings.Repeat("sails, rigging"[:1+random.IntN(14)], 1+random.IntN(200))...)
	}
	return plain
}

// TestCompressor compresses one byte, a whole frame, and some frames and a bit, on
// one processor and on many, in writes that never fit a frame.
func TestCompressor(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	plain := sails(2*frameSize + 4321)
	for _, size := range []int{1, frameSize, len(plain)} {
		var first []byte
		for _, processors := range []int{1, 16} {
			runtime.GOMAXPROCS(processors)
			var out bytes.Buffer
			w, err := Compressor(&out, "zstd")
			if err != nil {
				t.Fatal(err)
			}
			in := struct{ io.Reader }{bytes.NewReader(plain[:size])}
			_, err = io.CopyBuffer(struct{ io.Writer }{w}, in, make([]byte, 100003))
			if err := errors.Join(err, w.Close()); err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = out.Bytes()
			}
			if !bytes.Equal(out.Bytes(), first) {
				t.Errorf("%d bytes: %d processors write other bytes than one does", size, processors)
			}
		}
		uncompress(t, first, plain[:size])
	}
}

// TestLayerWriterFrames writes one file into several layers. Each must have the
// same bytes as by a LayerWriter of its own, though the file is compressed once.
func TestLayerWriterFrames(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "source")
	if err := os.WriteFile(source, []byte(strings.Repeat("sails, rigging", frameSize/6)), 0o755); err != nil {
		t.Fatal(err)
	}
	layer := func(w *LayerWriter, name, sum string) (*Layer, []byte) {
		t.Helper()
		files := []File{{Path: "/" + name, Mode: 0o755, Source: source, Sum: sum}, {Path: "/z", Data: []byte(name)}}
		l, err := w.Write(filepath.Join(dir, "layer"), files, "zstd", date)
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, "layer"))
		if err != nil {
			t.Fatal(err)
		}
		return l, data
	}
	var w LayerWriter
	for _, name := range []string{"captain", "cook", "mate"} {
		l, data := layer(&w, name, "ab")
		alone, _ := layer(new(LayerWriter), name, "ab")
		if l.CompressedHash != alone.CompressedHash {
			t.Errorf("%s: the layer is %s, and by itself it is %s", name, l.CompressedHash, alone.CompressedHash)
		}
		plain, _ := layer(new(LayerWriter), name, "")
		if l.UncompressedHash != plain.UncompressedHash || l.UncompressedSize != plain.UncompressedSize {
			t.Errorf("%s: the diff id is %s, and without a sum %s", name, l.UncompressedHash, plain.UncompressedHash)
		}
		r, err := zstd.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, r); err != nil || hex.EncodeToString(sum.Sum(nil)) != l.UncompressedHash.Hex {
			t.Errorf("%s: the layer does not uncompress to %s: %v", name, l.UncompressedHash, err)
		}
		r.Close()
	}
	if len(w.frames) != 1 || len(w.frames["ab"]) != 3 {
		t.Errorf("%d files are kept, one in %d frames, want 1 in 3", len(w.frames), len(w.frames["ab"]))
	}
}

// uncompress checks that the library and the zstd command uncompress data to want.
func uncompress(t *testing.T, data, want []byte) {
	t.Helper()
	r, err := zstd.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes are %d others after compression: %v", len(want), len(got), err)
	}
	testkit.Need(t, "zstd")
	file := filepath.Join(t.TempDir(), "zst")
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := exec.Command("zstd", "-dc", file).Output(); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes are %d others to the zstd command: %v", len(want), len(got), err)
	}
}

// A full disk fails every write.
type full struct{ err error }

func (f full) Write([]byte) (int, error) { return 0, f.err }

// TestCompressorFull holds that an error of the writer is returned, and that
// nothing waits for ever.
func TestCompressorFull(t *testing.T) {
	noRoom := errors.New("no room")
	for _, compression := range []string{"gzip", "zstd"} {
		w, err := Compressor(full{noRoom}, compression)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Write(make([]byte, 20*frameSize))
		if err := errors.Join(err, w.Close()); !errors.Is(err, noRoom) {
			t.Errorf("%s: on a full disk: %v", compression, err)
		}
	}
}
