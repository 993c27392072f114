package release

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/internal/action"
	"github.com/slipway-build/slipway/internal/output"
	"github.com/slipway-build/slipway/release/sign"
)

func TestNewer(t *testing.T) {
	sorted := []string{
		"1.4.0", "1.4.1-rc.1+acme.9", "1.4.1", "1.4.1+acme.1", "1.4.1+acme.2", "1.4.1+acme.10", "1.4.2-rc.1", "1.4.2+acme.1",
		"1.10.0", "2.0.0-alpha.1",
	}
	for i, a := range sorted {
		for k, b := range sorted {
			if got := newer(a, b); got != (i > k) {
				t.Errorf("%s is newer than %s: %v", a, b, got)
			}
		}
	}
}

func TestNext(t *testing.T) {
	for v, want := range map[string]string{
		"1.4.1": "1.4.1+acme.1", "1.4.1-rc.1": "1.4.1-rc.1+acme.1", "1.4.1+acme.1": "1.4.1+acme.2",
		"1.4.1+acme.9": "1.4.1+acme.10", "1.4.1+acme": "1.4.1+acme.1", "1.4.1+7": "1.4.1+8",
		"1.4.1+acme.99999999999999999999": "1.4.1+acme.99999999999999999999.1",
	} {
		if got := next(v); got != want {
			t.Errorf("after %s comes %s, want %s", v, got, want)
		}
	}
}

// TestConflict holds which releases of one version are refused.
func TestConflict(t *testing.T) {
	old := artifact.Release{Version: "1.4.1", Tree: "sha256:aa", Platforms: []string{"linux/amd64"}, Artifacts: []artifact.Released{
		{Kind: artifact.Binary, Path: "bin/captain", Name: "captain", Digest: "sha256:01"},
		{Kind: artifact.Package, Path: "rpm/captain.rpm", Name: "captain", Digest: "sha256:77", Unsigned: "sha256:02"},
		{Kind: artifact.Image, Path: "images", Name: "ship", Digest: "sha256:03"},
		{Kind: artifact.Document, Path: "notes.md", Digest: "sha256:04"},
		{Kind: artifact.Tarball, Path: "tarballs/ship.tar.gz", Digest: "sha256:05"},
	}}
	at := func(k artifact.Kind, name, path, digest string) artifact.Artifact {
		return artifact.Artifact{Kind: k, Name: name, Path: "dist/ship-1.4/" + path, Digest: "sha256:" + digest}
	}
	binary := at(artifact.Binary, "captain", "bin/captain", "01")
	both := []string{"linux/amd64", "linux/arm64"}
	for _, c := range []struct {
		about string
		made  artifact.Set
		tree  string
		on    []string
		want  string // what the error says first; "": there is none
	}{
		{about: "the same", made: artifact.Set{binary, at(artifact.Package, "captain", "rpm/captain.rpm", "02")}},
		{about: "nothing that was there", made: artifact.Set{at(artifact.Binary, "captain", "bin/arm64/captain", "99")}},
		{about: "another binary", made: artifact.Set{at(artifact.Binary, "captain", "bin/captain", "99")},
			want: "and 1 of its artifacts would now be others: bin/captain captain"},
		{about: "another rpm", made: artifact.Set{at(artifact.Package, "captain", "rpm/captain.rpm", "77")},
			want: "and 1 of its artifacts would now be others: rpm/captain.rpm captain"},
		{about: "another image", made: artifact.Set{at(artifact.Image, "ship", "images", "99")},
			want: "and 1 of its artifacts would now be others: images ship"},
		{about: "an image for more platforms", made: artifact.Set{at(artifact.Image, "ship", "images", "99")}, on: both},
		{about: "a binary, for more platforms", on: both,
			made: artifact.Set{at(artifact.Binary, "captain", "bin/captain", "99")}, want: "and 1 of its artifacts"},
		{about: "another document", made: artifact.Set{at(artifact.Document, "", "notes.md", "99")}},
		{about: "another tarball", made: artifact.Set{at(artifact.Tarball, "", "tarballs/ship.tar.gz", "99")},
			want: "and 1 of its artifacts would now be others: tarballs/ship.tar.gz\n"},
		{about: "another source", made: artifact.Set{binary}, tree: "sha256:bb",
			want: "of another source: its patched tree was sha256:aa, and is sha256:bb"},
	} {
		in := Input{Fork: ship("", ""), Made: c.made}
		in.Record.Version, in.Record.Tree, in.Record.Platforms = "1.4.1", "sha256:aa", old.Platforms
		if c.tree != "" {
			in.Record.Tree = c.tree
		}
		if c.on != nil {
			in.Record.Platforms = c.on
		}
		err := conflict(old, in)
		if (err == nil) != (c.want == "") {
			t.Errorf("%s: %v", c.about, err)
		} else if err != nil && (!strings.HasPrefix(err.Error(), "1.4.1 is released already, "+c.want) ||
			!strings.Contains(err.Error(), "in forks/ship-1.4/fork.yaml, such as 1.4.1+acme.1") ||
			!strings.Contains(err.Error(), "-force replaces it")) {
			t.Errorf("%s: %v, want %q", c.about, err, c.want)
		}
	}
}

// releaser returns one for a project in a folder.
func releaser(dir string) Releaser {
	d := output.Dist{Project: dir, Cache: action.Cache{Dir: filepath.Join(dir, "dist", ".cache")}}
	return Releaser{Dist: d, Signer: &sign.Signer{}}
}

// TestReadEarlier holds which of the releases in dist is taken for the last one.
func TestReadEarlier(t *testing.T) {
	dir := t.TempDir()
	f := ship(dir, "")
	f.Version = "1.4.1+acme.2"
	if e, err := ReadEarlier(f, Request{}, nil); e.last != nil || e.same != nil || err != nil {
		t.Errorf("with nothing released: %v, %v", e, err)
	}
	for _, v := range []string{"1.4.0", "1.4.1+acme.1", "1.4.1+acme.2", "1.3.9", "1.5.0"} {
		one := artifact.Release{Schema: artifact.ReleaseSchema, Version: v}
		if err := releaser(dir).publish(f, one, false); err != nil {
			t.Fatal(err)
		}
	}
	var notes []string
	e, err := ReadEarlier(f, Request{}, func(e event.Event) { notes = append(notes, e.Detail) })
	if err != nil || e.last.Version != "1.4.1+acme.1" || e.same == nil {
		t.Errorf("the last one is %v, %v", e, err)
	}
	if len(notes) != 1 || !strings.HasPrefix(notes[0], "1.5.0 is released already") {
		t.Errorf("what is noted: %q", notes)
	}
	named := Request{Last: "dist/ship-1.4/releases/1.3.9.json"}
	if e, err := ReadEarlier(f, named, nil); err != nil || e.last.Version != "1.3.9" {
		t.Errorf("with one named, the last one is %v, %v", e, err)
	}
	lay(t, dir, "dist/ship-1.4/releases/1.0.0.json")
	if _, err := ReadEarlier(f, Request{}, nil); err == nil || !strings.Contains(err.Error(), "remove it to forget that") {
		t.Errorf("with a damaged record: %v", err)
	}
}

// TestKey holds that what decides a release decides its key.
func TestKey(t *testing.T) {
	in, files := Input{Fork: ship("", "")}, []file{{Released: artifact.Released{Path: "bin/captain", Digest: "sha256:01"}}}
	r := releaser("")
	key := func(in Input, files []file, last *artifact.Release) string {
		t.Helper()
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
		lay(t, at, "bin/captain")
		data, err := artifact.Release{Schema: artifact.ReleaseSchema, Version: "1.4.1"}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(at, artifact.ReleaseFile), data, 0o644); err != nil {
			t.Fatal(err)
		}
		all, err := sumAll(t.Context(), at, output.List(at))
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
