//go:build acceptance && linux

package acceptance

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/blakesmith/ar"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/reproduce"
)

// seeds change one thing each in artifacts of a release. Each is explained by one finding,
// which begins with want.
var seeds = []struct {
	path   string
	change func(t *testing.T, data []byte) []byte
	want   string
}{
	{"tarballs/ship-src.tar.gz", laterReadme,
		"README.md: time: 2026-02-03T04:05:07Z in the release, 2026-02-03T04:05:06Z in the rebuild"},
	{"deb/linux_amd64/captain_1.4.1+test.1-1_amd64.deb", flippedCaptain,
		"data.tar.zst → ./usr/bin/captain → .rodata: section: 1 of "},
	{"rpm/linux_arm64/captain-1.4.1+test.1-1.aarch64.rpm", otherSummary,
		`header → Summary: line 1: "Gives two orders" in the release, "Gives the orders" in the rebuild`},
	{"sbom/bin/linux_amd64/captain.cdx.json", otherSupplier,
		`.metadata.component.supplier.name: field: "Cook" in the release, "Mate" in the rebuild`},
}

// seededEnv is how the image is explained, whose environment is another one.
const seededEnv = `linux/arm64 → config → .config.Env[0]: field: "PATH=/usr/local/ship:`

// explained changes a copy of a release that nobody has signed, whose documents go on to
// name what was built, and has the rebuild say what is different.
func explained(h harbour) {
	t, dir := h.t, filepath.Join(h.t.TempDir(), "seeded")
	h.run("release")
	mustRun(t, "", "cp", "-r", h.release(), dir)
	r := openRelease(t, dir, publisher{})
	want := map[string]string{"images/ship": seededEnv}
	for _, s := range seeds {
		want[s.path] = s.want
		data := s.change(t, []byte(read(t, r.at(s.path))))
		r.replace(t, s.path, data)
	}
	r.seedImage(t)
	data, err := r.record.Encode()
	if err == nil {
		err = os.WriteFile(r.at(artifact.ReleaseFile), data, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	h.fails([]string{"release:reproduce", "-from=" + dir}, dir+" is not as it was released")
	mustRun(t, dir, "rm", "SHA256SUMS") // with which it is known to be damaged
	h.fails([]string{"release:reproduce", "-from=" + dir}, "the release was not built again to the same bytes",
		fmt.Sprintf(" the same, %d different, 0 missing, 0 added", len(want)))
	var report reproduce.Report
	if err := json.Unmarshal([]byte(read(t, h.at("dist/ship-1.4/reproduce/report.json"))), &report); err != nil {
		t.Fatal(err)
	}
	for _, a := range report.Results {
		begin, seeded := want[a.Name]
		if same := a.Verdict == reproduce.Same; same == seeded {
			t.Errorf("%s: %s", a.Name, a.Verdict)
		}
		if seeded && (len(a.Found) != 1 || !strings.HasPrefix(a.Found[0].String(), begin)) {
			t.Errorf("%s is explained by %v, want %s", a.Name, a.Found, begin)
		}
	}
}

// replace puts another file in the place of one, in the record too.
func (r released) replace(t *testing.T, path string, data []byte) {
	t.Helper()
	at := slices.IndexFunc(r.record.Artifacts, func(a artifact.Released) bool { return a.Path == path })
	if at < 0 || bytes.Equal(data, []byte(read(t, r.at(path)))) {
		t.Fatalf("%s is not there, or was not changed", path)
	}
	r.record.Artifacts[at].Digest = digestOf(data)
	if err := os.WriteFile(r.at(path), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// must returns a value of a function that cannot fail with what the test gives it.
func must[V any](v V, err error) V {
	if err != nil {
		panic(err)
	}
	return v
}

func laterReadme(_ *testing.T, data []byte) []byte {
	plain := must(io.ReadAll(must(gzip.NewReader(bytes.NewReader(data)))))
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_ = must(w.Write(retar(plain, func(h *tar.Header, _ []byte) {
		if h.Name == "README.md" {
			h.ModTime = h.ModTime.Add(time.Second)
		}
	})))
	_ = must(0, w.Close())
	return out.Bytes()
}

func flippedCaptain(t *testing.T, data []byte) []byte {
	var out bytes.Buffer
	w, r := ar.NewWriter(&out), ar.NewReader(bytes.NewReader(data))
	_ = must(0, w.WriteGlobalHeader())
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out.Bytes()
		}
		member := must(io.ReadAll(must(r, err)))
		if h.Name == "data.tar.zst" {
			plain := must(must(zstd.NewReader(nil)).DecodeAll(member, nil))
			plain = retar(plain, func(h *tar.Header, content []byte) {
				if h.Name == "./usr/bin/captain" {
					flipConstant(t, content)
				}
			})
			member = must(zstd.NewWriter(nil)).EncodeAll(plain, nil)
		}
		h.Size = int64(len(member))
		_ = must(0, w.WriteHeader(h))
		_ = must(w.Write(member))
	}
}

// flipConstant changes a bit in the constants of a program.
func flipConstant(t *testing.T, program []byte) {
	t.Helper()
	constants := must(elf.NewFile(bytes.NewReader(program))).Section(".rodata")
	program[constants.Offset+constants.Size/2] ^= 1
}

// retar writes an archive again, with what change has done to the members.
func retar(data []byte, change func(h *tar.Header, content []byte)) []byte {
	var out bytes.Buffer
	w, r := tar.NewWriter(&out), tar.NewReader(bytes.NewReader(data))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		content := must(io.ReadAll(must(r, err)))
		change(h, content)
		_ = must(0, w.WriteHeader(h))
		_ = must(w.Write(content))
	}
	_ = must(0, w.Close())
	return out.Bytes()
}

func otherSummary(_ *testing.T, data []byte) []byte {
	return bytes.Replace(data, []byte("Gives the orders"), []byte("Gives two orders"), 1)
}

func otherSupplier(_ *testing.T, data []byte) []byte {
	return bytes.Replace(data, []byte(`"Mate"`), []byte(`"Cook"`), 1)
}

// seedImage gives the image for linux/arm64 another environment.
func (r released) seedImage(t *testing.T) {
	t.Helper()
	at := slices.IndexFunc(r.record.Artifacts, func(a artifact.Released) bool { return a.Kind == artifact.Image })
	image := &r.record.Artifacts[at]
	arm := slices.IndexFunc(image.Images, func(one artifact.PlatformImage) bool { return one.Platform == "linux/arm64" })
	blob := func(digest string) string {
		return r.at("images/blobs/sha256/" + strings.TrimPrefix(digest, "sha256:"))
	}
	// change writes a blob again with other words, and returns how others have to name it.
	change := func(digest, old, now string) string {
		data := strings.ReplaceAll(read(t, blob(digest)), old, now)
		changed := digestOf([]byte(data))
		if err := os.WriteFile(blob(changed), []byte(data), 0o644); err != nil || changed == digest {
			t.Fatalf("%s has no %q: %v", digest, old, err)
		}
		return changed
	}
	manifest := image.Images[arm].Digest
	var has struct{ Config struct{ Digest string } }
	if err := json.Unmarshal([]byte(read(t, blob(manifest))), &has); err != nil {
		t.Fatal(err)
	}
	config := change(has.Config.Digest, "PATH=/usr/local/sbin", "PATH=/usr/local/ship")
	image.Digest = change(image.Digest, manifest, change(manifest, has.Config.Digest, config))
}

func digestOf(data []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(data)) }
