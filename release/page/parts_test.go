package page

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/page/sizes"
)

func TestInstalls(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Input)
		way    string
		want   string
	}{
		{"debs", nil, "apt", `apt install \
  ./deb/linux_amd64/ship-bosun_1.5.0+acme.2_amd64.deb \
  ./deb/linux_amd64/ship-captain_1.5.0+acme.2_amd64.deb \
  ./deb/linux_amd64/ship-mate_1.5.0+acme.2_amd64.deb`},
		{"a signed rpm", func(in *Input) {
			in.Release.Artifacts = []artifact.Released{{Kind: artifact.Package, Format: "rpm", Path: "rpm/a b.rpm"}}
		}, "dnf", "rpm --import keys/release.asc\ndnf install \\\n  './rpm/a b.rpm'"},
		{"an rpm for all platforms beside another", func(in *Input) {
			in.Keys = nil
			in.Release.Artifacts = []artifact.Released{{Kind: artifact.Package, Format: "rpm", Path: "rpm/a.rpm"},
				{Kind: artifact.Package, Format: "rpm", Path: "rpm/b.rpm", Platform: "linux/arm64"}}
		}, "dnf", "dnf install \\\n  ./rpm/a.rpm \\\n  ./rpm/b.rpm"},
		{"no rpm but a key", func(in *Input) { in.Release.Artifacts = nil }, "dnf", ""},
		{"ebuilds of this version", nil, "emerge", `PORTDIR_OVERLAY="$PWD/overlay" PORTAGE_RO_DISTDIRS="$PWD/distfiles" \
  emerge --ask \
  =app/ship-bin-1.5.0_p2
PORTDIR_OVERLAY="$PWD/overlay" PORTAGE_RO_DISTDIRS="$PWD/distfiles" \
  emerge --ask \
  =app/ship-1.5.0_p2`},
		{"images in Docker's format", func(in *Input) {
			in.Release.Artifacts = []artifact.Released{
				{Kind: artifact.Image, Format: "docker", Name: "captain", Digest: digest(1)}}
		}, "image", "docker pull \\\n  registry.example.org/ship/captain:v1.5.0_acme.2@" + digest(1)},
		{"images in no registry", func(in *Input) { in.Registry = "" }, "image",
			`skopeo copy \
  oci:images:captain:v1.5.0_acme.2 \
  docker-daemon:captain:v1.5.0_acme.2
skopeo copy --all --preserve-digests \
  oci:images:captain:v1.5.0_acme.2 \
  docker://registry.example.org/captain:v1.5.0_acme.2`},
		{"images", func(in *Input) {
			in.Registry = ""
			for _, name := range []string{"mate", "bo sun"} {
				in.Release.Artifacts = append(in.Release.Artifacts, artifact.Released{Kind: artifact.Image, Name: name})
			}
		}, "image", `for image in captain mate 'bo sun'; do
  skopeo copy \
    "oci:images:$image:v1.5.0_acme.2" \
    "docker-daemon:$image:v1.5.0_acme.2"
done
for image in captain mate 'bo sun'; do
  skopeo copy --all --preserve-digests \
    "oci:images:$image:v1.5.0_acme.2" \
    "docker://registry.example.org/$image:v1.5.0_acme.2"
done`},
		{"images without a tag", func(in *Input) { in.Tag = "" }, "image", ""},
		{"tarballs nowhere", func(in *Input) {
			in.URL = ""
			in.Release.Artifacts = []artifact.Released{{Kind: artifact.Tarball, Path: "tarballs/ship's.tar.gz"}}
		}, "tarball", `tar -xf 'tarballs/ship'\''s.tar.gz'`},
		{"tarballs at a URL", func(in *Input) {
			in.Release.Artifacts = []artifact.Released{{Kind: artifact.Tarball, Path: "tarballs/a b.tar.gz"}}
		}, "tarball", "curl -fLO https://example.org/ship/1.5.0+acme.2/tarballs/a%20b.tar.gz\ntar -xf 'a b.tar.gz'"},
	} {
		in := sample()
		if c.change != nil {
			c.change(&in)
		}
		var lines []string
		for _, i := range installs(in) {
			for _, command := range i.Commands {
				if i.ID == c.way && !command.Folded {
					lines = append(lines, command.Lines...)
				}
			}
		}
		if got := strings.Join(lines, "\n"); got != c.want {
			t.Errorf("%s:\n%s\nwant:\n%s", c.name, got, c.want)
		}
	}
}

func TestGroups(t *testing.T) {
	released := func(version, path, name string, size int64) artifact.Released {
		return artifact.Released{Kind: artifact.Package, Format: "deb", Name: name, Size: size,
			Path: strings.ReplaceAll(path, "VERSION", version)}
	}
	in := Input{Release: artifact.Release{Version: "2", Artifacts: []artifact.Released{
		released("2", "deb/captain_VERSION.deb", "captain", 3000), released("2", "deb/VERSION.deb", "", 10),
		released("2", "deb/mate.deb", "mate", 10),
	}}, Files: []string{"deb/captain_2.deb.sigstore.json"}}
	in.Last = &artifact.Release{Version: "1", Artifacts: []artifact.Released{
		released("1", "deb/captain_VERSION.deb", "captain", 1000), released("1", "deb/VERSION.deb", "", 10),
		released("1", "deb/stoker.deb", "stoker", 10),
		{Kind: artifact.Image, Name: "stoker", Path: "images"}, {Kind: artifact.Layout, Path: "images/oci-layout"},
	}}
	got, gone := groups(in)
	if want := []string{"deb/stoker.deb", "image stoker"}; !slices.Equal(gone, want) {
		t.Errorf("gone are %q, want %q", gone, want)
	}
	if len(got) != 1 || got[0].Total != 3020 || len(got[0].Blocks) != 1 || len(got[0].Blocks[0].Files) != 3 {
		t.Fatalf("the groups are %+v", got)
	}
	for i, want := range []string{"+2.0 KiB (+200.0 %)", "same", "new"} {
		if f := got[0].Blocks[0].Files[i]; f.Change != want {
			t.Errorf("the change of %s is %q, want %q", f.Path, f.Change, want)
		}
	}
	if f := got[0].Blocks[0].Files[0]; f.Signature != "deb/captain_2.deb.sigstore.json" {
		t.Errorf("the signature of %s is %q", f.Path, f.Signature)
	}
}

func TestSquarify(t *testing.T) {
	for _, weights := range [][]float64{nil, {1}, {3, 1}, {6, 6, 4, 3, 2, 2, 1}, {100, 1, 1e-6},
		{1, 1, 1, 1, 1, 1, 1, 1, 1}} {
		in := box{1, 2, 6, 4}
		boxes := squarify(weights, in)
		if len(boxes) != len(weights) {
			t.Fatalf("%v: %d boxes", weights, len(boxes))
		}
		for i, b := range boxes {
			if want := weights[i] / sum(weights) * in.w * in.h; math.Abs(b.w*b.h-want) > 1e-9 {
				t.Errorf("%v: box %d has an area of %f, want %f", weights, i, b.w*b.h, want)
			}
			const e = 1e-9
			if b.x < in.x-e || b.y < in.y-e || b.x+b.w > in.x+in.w+e || b.y+b.h > in.y+in.h+e {
				t.Errorf("%v: box %d is outside: %+v", weights, i, b)
			}
			for j, c := range boxes[:i] {
				if min(b.x+b.w, c.x+c.w)-max(b.x, c.x) > e && min(b.y+b.h, c.y+c.h)-max(b.y, c.y) > e {
					t.Errorf("%v: boxes %d and %d overlap", weights, i, j)
				}
			}
		}
	}
}

func TestPicture(t *testing.T) {
	now := []sizes.Weight{
		{Package: sizes.Lines, Bytes: 400},
		{Module: "example.org/ship", Package: "example.org/ship/a", Bytes: 300},
		{Module: "example.org/ship", Package: "example.org/ship/b", Bytes: 200},
		{Module: sizes.Standard, Package: "fmt", Bytes: 98},
		{Module: "x", Package: "x", Bytes: 1}, {Module: "y", Package: "y", Bytes: 1},
	}
	before := []sizes.Weight{
		{Package: sizes.Lines, Bytes: 400}, {Module: "example.org/ship", Package: "example.org/ship/a", Bytes: 250},
		{Module: "x", Package: "x", Bytes: 1}, {Module: "z", Package: "z", Bytes: 2},
	}
	p := newPicture(now, before, "example.org/ship@v1.5.0")
	for i, want := range []row{
		{"example.org/ship", "500 B", "50.0 %", "+250 B (+100.0 %)"}, {"function tables", "400 B", "40.0 %", "same"},
		{"standard library", "98 B", "9.8 %", "new"}, {"2 smaller modules", "2 B", "0.2 %", "−1 B (−33.3 %)"},
	} {
		if i >= len(p.Modules) || p.Modules[i] != want {
			t.Errorf("row %d is %+v, want %+v", i, p.Modules, want)
		}
	}
	if want := (row{"example.org/ship/b", "200 B", "20.0 %", "new"}); len(p.Packages) != 5 || p.Packages[1] != want {
		t.Errorf("the packages are %+v, want %+v as the second", p.Packages, want)
	}
	var classes []string
	for _, c := range p.Cells {
		classes = append(classes, c.Class)
	}
	if want := []string{"own", "std", "other", "rest"}; !slices.Equal(classes, want) || len(p.Cells[0].Parts) != 2 {
		t.Errorf("the boxes are %q, want %q", classes, want)
	}
}

func TestGantt(t *testing.T) {
	if g := newGantt(artifact.Timeline{Spans: []artifact.Span{{Stage: "patches", Kept: true}}}); g != nil {
		t.Errorf("a run of no time has a picture: %+v", g)
	}
	g := newGantt(artifact.Timeline{Spans: []artifact.Span{
		{Stage: "cross", Subject: "linux/amd64", Start: 0, End: 6000},
		{Stage: "cross", Subject: "linux/arm64", Start: 100, End: 4000},
		{Stage: "deb", Start: 6000, End: 8000, Kept: true},
		{Stage: "cross", Subject: "linux/arm", Start: 4000, End: 8000, Failed: true},
	}})
	if len(g.Lanes) != 2 || g.Lanes[0].Note != "3 runs, 13 s" || g.Lanes[1].Note != "2 s, 1 kept" {
		t.Fatalf("the lanes are %+v", g.Lanes)
	}
	bars := g.Lanes[0].Bars
	if bars[0].Y == bars[1].Y || bars[1].Y != bars[2].Y {
		t.Errorf("bars that overlap are below each other, and no others: %+v", bars)
	}
	if b := bars[2]; b.X != "50.00%" || b.W != "50.00%" || b.Class != "failed" {
		t.Errorf("the last bar is %+v", b)
	}
	for end := int64(1); end < 1e9; end = end*3 + 1 {
		if n := len(ticks(end)); n < 1 || n > 6 {
			t.Errorf("%d ms has %d ticks", end, n)
		}
	}
}
