package release

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/action"
	"github.com/slipway-build/slipway/internal/output"
	"github.com/slipway-build/slipway/release/sign"
)

// releaser returns one for a project in a folder.
func releaser(dir string) Releaser {
	d := output.Dist{Project: dir, Cache: action.Cache{Dir: filepath.Join(dir, "dist", ".cache")}}
	return Releaser{Dist: d, Signer: &sign.Signer{}}
}

// TestKey holds that what decides a release decides its key.
func TestKey(t *testing.T) {
	in, files := Input{Fork: ship("", "")}, []file{{Released: artifact.Released{Path: "bin/captain", Digest: "sha256:01"}}}
	r := releaser("")
	key := func(in Input, files []file, last *artifact.Release) string {
		t.Helper()
		r := r
		r.Earlier.last = last
		k, err := r.key(in, files)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	was := key(in, files, nil)
	if key(in, files, nil) != was {
		t.Error("the same has two keys")
	}
	other := []file{files[0]}
	other[0].Digest = "sha256:02"
	record, known := in, in
	record.Record.Version = "1.4.2"
	known.Known.License = "MIT"
	for about, k := range map[string]string{
		"another file":      key(in, other, nil),
		"no file":           key(in, nil, nil),
		"another record":    key(record, files, nil),
		"another license":   key(known, files, nil),
		"one before it":     key(in, files, &artifact.Release{Version: "1.4.0"}),
		"another before it": key(in, files, &artifact.Release{Version: "1.3.0"}),
	} {
		if k == was {
			t.Errorf("%s has the same key", about)
		}
	}
}

// TestKept holds when a release in dist is made again.
func TestKept(t *testing.T) {
	for about, damage := range map[string]func(r Releaser) error{
		"intact": nil,
		"another file": func(r Releaser) error {
			return os.WriteFile(r.Dist.Abs("dist/ship-1.4/release/bin/captain"), []byte("bin/Captain"), 0o644)
		},
		"a file less": func(r Releaser) error { return os.Remove(r.Dist.Abs("dist/ship-1.4/release/bin/captain")) },
		"a file more": func(r Releaser) error {
			return os.WriteFile(r.Dist.Abs("dist/ship-1.4/release/more"), nil, 0o644)
		},
		"no release": func(r Releaser) error { return os.RemoveAll(r.Dist.Abs("dist/ship-1.4/release")) },
		"no state":   func(r Releaser) error { return os.Remove(r.Dist.Abs("dist/ship-1.4/release.json")) },
		"damaged state": func(r Releaser) error {
			return os.WriteFile(r.Dist.Abs("dist/ship-1.4/release.json"), []byte("{"), 0o644)
		},
	} {
		dir := t.TempDir()
		r, f := releaser(dir), ship(dir, "")
		at := filepath.Join(dir, "dist", "ship-1.4", "release")
		lay(t, at, "bin/captain", "rebuilds/mate.sigstore.json")
		data, err := artifact.Release{Schema: artifact.ReleaseSchema, Version: "1.4.1"}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(at, artifact.ReleaseFile), data, 0o644); err != nil {
			t.Fatal(err)
		}
		all, err := sumAll(t.Context(), at, withoutRebuilds(output.List(at)), func() {})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.remember(f, "key", all); err != nil {
			t.Fatal(err)
		}
		if damage != nil {
			if err := damage(r); err != nil {
				t.Fatal(err)
			}
		}
		if record, ok := r.kept(f, "key"); ok != (damage == nil) || ok && record.Version != "1.4.1" {
			t.Errorf("%s: kept %v, %v", about, ok, record.Version)
		}
		if _, ok := r.kept(f, "another"); ok {
			t.Errorf("%s: kept with another key", about)
		}
	}
}

// TestKeepRebuilds holds that a release that is made again keeps what others stated of it.
func TestKeepRebuilds(t *testing.T) {
	dir := t.TempDir()
	at := filepath.Join(dir, "dist", "ship-1.4", "release")
	lay(t, at, "bin/captain", "rebuilds/mate.sigstore.json")
	data, err := artifact.Release{Schema: artifact.ReleaseSchema, Version: "1.4.1"}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(at, artifact.ReleaseFile), data, 0o644); err != nil {
		t.Fatal(err)
	}
	for v, want := range map[string]string{"1.4.1": "rebuilds/mate.sigstore.json", "1.4.2": ""} {
		in := Input{Fork: ship(dir, "")}
		in.Record.Version = v
		dst := t.TempDir()
		if err := releaser(dir).keepRebuilds(in, dst); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(output.List(dst), " "); got != want {
			t.Errorf("%s has %q, want %q", v, got, want)
		}
	}
}

// TestQuick holds that a tarball of an earlier run does not stay where scripts look.
func TestQuick(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, "dist/ship-1.4/tarballs/ship.tar.gz", "dist/ship-1.4/tarballs/more.tar.gz",
		"dist/ship-1.4/_output/release-tars/old.tar.gz")
	made := artifact.Set{{Kind: artifact.Tarball, Path: "dist/ship-1.4/tarballs/ship.tar.gz"}}
	if err := Quick(releaser(dir).Dist, ship(dir, ""), made); err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(dir, "dist", "ship-1.4", "_output", "release-tars")
	if got := strings.Join(output.List(at), " "); got != "ship.tar.gz" {
		t.Errorf("it has %q", got)
	}
	gone := artifact.Set{{Path: "dist/ship-1.4/tarballs/gone.tar.gz"}}
	if err := Quick(releaser(dir).Dist, ship(dir, ""), gone); err == nil || len(output.List(at)) != 1 {
		t.Errorf("of a tarball that is gone: %v; left are %q", err, output.List(at))
	}
}
