package release

import (
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
)

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
	old := artifact.Release{Version: "1.4.1", Tree: "sha256:aa", Platforms: []string{"linux/amd64"}}
	old.Artifacts = []artifact.Released{
		{Kind: artifact.Binary, Path: "bin/captain", Name: "captain", Digest: "sha256:01"},
		{Kind: artifact.Package, Path: "rpm/captain.rpm", Name: "captain", Digest: "sha256:77", Unsigned: "sha256:02"},
		{Kind: artifact.Image, Path: "images", Name: "ship", Digest: "sha256:03"},
		{Kind: artifact.Document, Path: "notes.md", Digest: "sha256:04"},
		{Kind: artifact.Tarball, Path: "tarballs/ship.tar.gz", Digest: "sha256:05"},
	}
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
