package purl

import (
	"testing"

	"github.com/slipway-build/slipway/artifact"
)

func TestArtifact(t *testing.T) {
	release := artifact.Release{Name: "ship", Version: "1.4.1+acme.1"}
	for _, c := range []struct {
		in         artifact.Released
		repository string
		want       string
	}{
		{artifact.Released{Kind: artifact.Binary, Name: "captain", Platform: "linux/amd64", Path: "bin/linux_amd64/captain"},
			"", "pkg:generic/ship/captain@1.4.1%2Bacme.1?arch=amd64&os=linux"},
		{artifact.Released{Kind: artifact.Package, Format: "deb", Name: "captain",
			Path: "deb/linux_arm64/captain-tools_1.4.1~rc.1+acme.1-1_arm64.deb"},
			"", "pkg:deb/ship/captain-tools@1.4.1~rc.1%2Bacme.1-1?arch=arm64"},
		{artifact.Released{Kind: artifact.Package, Format: "rpm", Name: "captain",
			Path: "rpm/linux_amd64/captain-tools-1.4.1+acme.1-1.x86_64.rpm"},
			"", "pkg:rpm/ship/captain-tools@1.4.1%2Bacme.1-1?arch=x86_64"},
		{artifact.Released{Kind: artifact.Image, Name: "captain", Path: "images", Digest: "sha256:01"},
			"", "pkg:oci/captain@sha256:01"},
		{artifact.Released{Kind: artifact.Image, Name: "captain", Path: "images", Digest: "sha256:01"},
			"registry.example.org/team/captain",
			"pkg:oci/captain@sha256:01?repository_url=registry.example.org%2Fteam%2Fcaptain"},
		{artifact.Released{Kind: artifact.Tarball, Path: "tarballs/ship-server-linux-amd64.tar.gz", Digest: "sha256:02"},
			"", "pkg:generic/ship/ship-server-linux-amd64.tar.gz@1.4.1%2Bacme.1?checksum=sha256:02"},
		{artifact.Released{Kind: artifact.Package, Format: "deb", Path: "deb/odd.deb", Digest: "sha256:03"},
			"", "pkg:generic/ship/odd.deb@1.4.1%2Bacme.1?checksum=sha256:03"},
		{artifact.Released{Kind: artifact.Package, Format: "rpm", Path: "rpm/odd-1.rpm", Digest: "sha256:04"},
			"", "pkg:generic/ship/odd-1.rpm@1.4.1%2Bacme.1?checksum=sha256:04"},
	} {
		if got := Artifact(release, c.in, c.repository); got != c.want {
			t.Errorf("Artifact(%s) = %s, want %s", c.in.Path, got, c.want)
		}
	}
}

func TestOthers(t *testing.T) {
	for got, want := range map[string]string{
		Image("captain", "sha256:01", "arm64", ""):           "pkg:oci/captain@sha256:01?arch=arm64",
		Module("example.org/ship", "v1.4.1+acme.1"):          "pkg:golang/example.org/ship@v1.4.1%2Bacme.1",
		Module("example.org/Rope/v2", "v2.0.0+incompatible"): "pkg:golang/example.org/rope/v2@v2.0.0%2Bincompatible",
		Program("slipway", "installer", "1.0.0"):             "pkg:generic/slipway/installer@1.0.0",
		Module("rope", ""):                                   "pkg:golang/rope",
		Debian("libc6", "2.36-9", "amd64", "bookworm"):       "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=bookworm",
	} {
		if got != want {
			t.Errorf("it is %s, want %s", got, want)
		}
	}
}
