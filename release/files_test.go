package release

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/output"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/signtest"
)

func TestWithin(t *testing.T) {
	for name, want := range map[string]string{
		"dist/ship-1.4/bin/linux_amd64/captain": "bin/linux_amd64/captain",
		"dist/ship-1.4/images":                  "images",
		"dist/ship-1.4.1/images":                "dist/ship-1.4.1/images",
	} {
		if got := within(ship("", ""), filepath.FromSlash(name)); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

func TestReleased(t *testing.T) {
	arm := platform.Platform{OS: "linux", Arch: "arm64"}
	for _, c := range []struct {
		made artifact.Artifact
		want artifact.Released
	}{
		{
			artifact.Artifact{Kind: artifact.Package, Name: "captain", Format: "deb", Path: "dist/ship-1.4/deb/captain.deb",
				Platform: arm, Size: 7, Digest: "sha256:01", Holds: []string{"captain"}, Kept: true},
			artifact.Released{Kind: artifact.Package, Name: "captain", Format: "deb", Path: "deb/captain.deb",
				Platform: "linux/arm64", Size: 7, Digest: "sha256:01", Holds: []string{"captain"}},
		},
		{
			artifact.Artifact{Kind: artifact.Distfile, Path: "dist/ship-1.4/distfiles/ship.tar.xz"},
			artifact.Released{Kind: artifact.Distfile, Path: "distfiles/ship.tar.xz"},
		},
	} {
		if got := released(ship("", ""), c.made); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v, want %+v", got, c.want)
		}
	}
}

// lay writes files of a project, each with its name as its content.
func lay(t *testing.T, dir string, names ...string) {
	t.Helper()
	files := map[string][]byte{}
	for _, name := range names {
		files[name] = []byte(name)
	}
	if err := output.WriteFiles(dir, files); err != nil {
		t.Fatal(err)
	}
}

// TestFiles holds what a release takes from dist, and what of it is copied as it changes.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, "dist/ship-1.4/bin/linux_amd64/captain", "dist/ship-1.4/deb/captain.deb", "dist/ship-1.4/rpm/captain.rpm",
		"dist/ship-1.4/images/index.json", "dist/ship-1.4/images/blobs/sha256/01", "dist/ship-1.4/images/docker-amd64.tar",
		"dist/ship-1.4/overlay/app-misc/ship/ship-1.ebuild", "dist/ship-1.4/overlay/metadata/layout.conf")
	at := func(k artifact.Kind, format, name string) artifact.Artifact {
		return artifact.Artifact{Kind: k, Format: format, Path: filepath.Join("dist", "ship-1.4", name)}
	}
	in := Input{Fork: ship(dir, ""), Made: artifact.Of(artifact.Set{
		at(artifact.Binary, "", "bin/linux_amd64/captain"), at(artifact.Package, "deb", "deb/captain.deb"),
		at(artifact.Package, "rpm", "rpm/captain.rpm"), at(artifact.Image, "oci", "images"),
		at(artifact.Ebuild, "", "overlay/app-misc/ship/ship-1.ebuild"),
	})}
	key := signtest.OpenPGP(t, "harbour")
	signer, err := sign.Open(t.Context(), sign.Settings{Keys: []string{key.Secret}, Time: signtest.Release})
	if err != nil {
		t.Fatal(err)
	}
	const want = "bin/linux_amd64/captain deb/captain.deb images/blobs/sha256/01 images/index.json* " +
		"overlay/app-misc/ship/ship-1.ebuild overlay/metadata/layout.conf rpm/captain.rpm"
	for _, c := range []struct {
		signer *sign.Signer
		want   string
	}{{&sign.Signer{}, want}, {signer, want + "*"}} {
		r := Releaser{Dist: output.Dist{Project: dir}, Signer: c.signer}
		files, err := r.files(in)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range files {
			name := f.Path
			if f.changes {
				name += "*"
			}
			got = append(got, name)
		}
		if got := strings.Join(got, " "); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

// TestPlace holds that what a release changes does not change what lies in dist.
func TestPlace(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, "dist/ship-1.4/bin/captain", "dist/ship-1.4/rpm/captain.rpm")
	files := []file{
		{Released: artifact.Released{Kind: artifact.Binary, Path: "bin/captain"}, from: "dist/ship-1.4/bin/captain"},
		{Released: artifact.Released{Path: "rpm/captain.rpm"}, from: "dist/ship-1.4/rpm/captain.rpm", changes: true},
	}
	r, to := Releaser{Dist: output.Dist{Project: dir}}, filepath.Join(dir, "release")
	if err := r.place(files, to); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		was, errA := os.Stat(filepath.Join(dir, f.from))
		is, errB := os.Stat(filepath.Join(to, f.Path))
		if errA != nil || errB != nil || os.SameFile(was, is) == f.changes {
			t.Errorf("%s: %v, %v; one file with that in dist: %v", f.Path, errA, errB, f.changes)
		}
	}
	gone := []file{{Released: artifact.Released{Path: "x"}, from: "dist/ship-1.4/x"}}
	if err := r.place(gone, to); err == nil || !strings.HasPrefix(err.Error(), "dist/ship-1.4/x: ") {
		t.Errorf("a file that is gone: %v", err)
	}
}
