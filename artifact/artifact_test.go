package artifact

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/platform"
)

// TestEvent holds what is told of each kind: the name only where a component, a
// package, an image or a tool is meant.
func TestEvent(t *testing.T) {
	arm64 := platform.Platform{OS: "linux", Arch: "arm64"}
	for _, c := range []struct {
		in   Artifact
		want event.Event
	}{
		{
			Artifact{Kind: Binary, Name: "captain", Path: "dist/captain", Platform: arm64, Size: 7, Digest: "sha256:01"},
			event.Event{Component: "captain", Path: "dist/captain", Platform: "linux/arm64", Size: 7, SHA256: "01"},
		},
		{
			Artifact{Kind: Package, Name: "ship", Format: "deb", Path: "dist/ship.deb", Platform: arm64, Kept: true},
			event.Event{Component: "ship", Path: "dist/ship.deb", Platform: "linux/arm64", Kept: true},
		},
		{
			Artifact{Kind: Ebuild, Name: "ship", Path: "dist/overlay/ship.ebuild"},
			event.Event{Component: "ship", Path: "dist/overlay/ship.ebuild"},
		},
		{
			Artifact{Kind: Image, Name: "ship", Format: "oci", Path: "registry.example.org/ship@sha256:02", Digest: "sha256:02"},
			event.Event{Component: "ship", Path: "registry.example.org/ship@sha256:02", SHA256: "02"},
		},
		{
			Artifact{Kind: Deploy, Name: "kubespray", Path: "dist/kubespray.yml", Size: 1},
			event.Event{Component: "kubespray", Path: "dist/kubespray.yml", Size: 1},
		},
		{Artifact{Kind: Distfile, Name: "ship", Path: "dist/ship.tar.xz"}, event.Event{Path: "dist/ship.tar.xz"}},
		{Artifact{Kind: Source, Name: "ship", Path: "dist/ship.tar.gz"}, event.Event{Path: "dist/ship.tar.gz"}},
		{Artifact{Kind: Series, Name: "ship", Path: "dist/quilt"}, event.Event{Path: "dist/quilt"}},
		{Artifact{Kind: Tree, Name: "ship", Path: "dist/src"}, event.Event{Path: "dist/src"}},
		{Artifact{Kind: Patch, Name: "ship", Path: "0001-crew.patch"}, event.Event{Path: "0001-crew.patch"}},
		{Artifact{Kind: Lock, Name: "ship", Path: "fork.lock"}, event.Event{Path: "fork.lock"}},
	} {
		c.want.Kind = event.Artifact
		if got := c.in.Event(); got != c.want {
			t.Errorf("%s: the event is %+v, want %+v", c.in.Kind, got, c.want)
		}
	}
}

// paths returns PATH NAME FORMAT of artifacts, joined.
func paths(s Set) string {
	var out []string
	for _, a := range s {
		out = append(out, strings.TrimSpace(a.Path+" "+a.Name+" "+a.Format))
	}
	return strings.Join(out, ", ")
}

func TestOf(t *testing.T) {
	for name, c := range map[string]struct {
		in   []Set
		want string
	}{
		"none":           {nil, ""},
		"empty sets":     {[]Set{nil, {}}, ""},
		"by path":        {[]Set{{{Path: "b"}, {Path: "a/b"}}, {{Path: "a"}}}, "a, a/b, b"},
		"then by name":   {[]Set{{{Path: "a", Name: "z"}}, {{Path: "a", Name: "y"}, {Path: "b"}}}, "a y, a z, b"},
		"then as it was": {[]Set{{{Path: "a", Name: "x", Format: "2"}, {Path: "a", Name: "x", Format: "1"}}}, "a x 2, a x 1"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := paths(Of(c.in...)); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
	in := Set{{Path: "b"}, {Path: "a"}}
	if Of(in); paths(in) != "b, a" {
		t.Errorf("the set that was given is now %s", paths(in))
	}
}

func TestKind(t *testing.T) {
	all := Set{{Kind: Lock, Path: "a"}, {Kind: Binary, Path: "b"}, {Kind: Lock, Path: "c"}}
	for kind, want := range map[Kind]string{Lock: "a, c", Binary: "b", Image: ""} {
		if got := paths(all.Kind(kind)); got != want {
			t.Errorf("the artifacts of kind %s are %s, want %s", kind, got, want)
		}
	}
	if paths(all) != "a, b, c" {
		t.Errorf("the set is now %s", paths(all))
	}
}

func TestReadImages(t *testing.T) {
	const good = `{"fork":"ship-1.4","version":"1.4.1","tag":"v1.4.1","images":[{"name":"mate","digest":"sha256:01",
		"platforms":[{"platform":"linux/arm64","digest":"sha256:02","size":3,"full":4}]}]}`
	want := Images{Fork: "ship-1.4", Version: "1.4.1", Tag: "v1.4.1", Images: []ImageIndex{{
		Name: "mate", Digest: "sha256:01",
		Platforms: []PlatformImage{{Platform: "linux/arm64", Digest: "sha256:02", Size: 3, Uncompressed: 4}},
	}}}
	for name, c := range map[string]struct {
		text  string // of images.json; "" for none
		fault string // a part of the error
	}{
		"images":          {text: good},
		"none":            {fault: "dist/images has no images: make them first, mage image -fork=ship-1.4"},
		"a folder":        {text: "/", fault: "is a directory"},
		"not JSON":        {text: "{", fault: "dist/images/images.json: unexpected end"},
		"another type":    {text: `{"images":"mate"}`, fault: "dist/images/images.json: json: cannot unmarshal"},
		"another version": {text: `{"version":"1.4.0"}`, fault: "has images of 1.4.0, but the fork is at 1.4.1"},
	} {
		t.Run(name, func(t *testing.T) {
			project := t.TempDir()
			file := filepath.Join(project, "dist", "images", ImagesFile)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			var err error
			switch c.text {
			case "":
			case "/":
				err = os.Mkdir(file, 0o755)
			default:
				err = os.WriteFile(file, []byte(c.text), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := ReadImages(project, filepath.Join("dist", "images"), "ship-1.4", "1.4.1")
			switch {
			case c.fault != "":
				if err == nil || !strings.Contains(err.Error(), c.fault) {
					t.Errorf("error %v, want %q", err, c.fault)
				}
			case err != nil || !reflect.DeepEqual(got, want):
				t.Errorf("%+v, %v, want %+v", got, err, want)
			}
		})
	}
}
