package image

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/slipway-build/slipway/images"
)

// assembled returns an image by its tag.
func assembled(t *testing.T, tag string, i images.Image) (name.Tag, v1.Image) {
	t.Helper()
	ref, err := name.NewTag(tag)
	if err != nil {
		t.Fatal(err)
	}
	image, err := i.Assemble()
	if err != nil {
		t.Fatal(err)
	}
	return ref, image
}

// One image alone has no order to differ in, so the library writes the same.
func TestArchiveIsWhatTheLibraryWrites(t *testing.T) {
	ref, image := assembled(t, "ship:v1", shipImage(t, "ship", amd64, "gzip"))
	a, b := filepath.Join(t.TempDir(), "a.tar"), filepath.Join(t.TempDir(), "b.tar")
	if err := writeArchive(a, map[name.Tag]v1.Image{ref: image}); err != nil {
		t.Fatal(err)
	}
	if err := tarball.WriteToFile(b, ref, image); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(a)
	want, other := os.ReadFile(b)
	if err != nil || other != nil || !bytes.Equal(got, want) {
		t.Errorf("it has %d bytes that differ from the library's %d (%v, %v)", len(got), len(want), err, other)
	}
}

// A layer may be larger than a USTAR header can say.
func TestArchiveOfLargeLayer(t *testing.T) {
	const size = 9 << 30
	var b bytes.Buffer
	if err := (archive{Writer: tar.NewWriter(&b)}).entry("layer.tar.gz", strings.NewReader(""), size); err != nil {
		t.Fatal(err)
	}
	if h, err := tar.NewReader(&b).Next(); err != nil || h.Size != size || h.Format != tar.FormatPAX {
		t.Errorf("the entry is %+v, %v", h, err)
	}
}

func TestArchiveOfSeveralImagesIsRead(t *testing.T) {
	all := map[name.Tag]v1.Image{}
	for _, title := range []string{"ship", "bosun", "captain"} {
		ref, image := assembled(t, title+":v1", shipImage(t, title, amd64, "gzip"))
		all[ref] = image
	}
	// Another name for the same layers, which are in the archive once.
	ref, again := assembled(t, "skipper:v1", shipImage(t, "captain", amd64, "gzip"))
	all[ref] = again
	file := filepath.Join(t.TempDir(), "all.tar")
	if err := writeArchive(file, all); err != nil {
		t.Fatal(err)
	}
	for ref, want := range all {
		got, err := tarball.ImageFromPath(file, &ref)
		if err != nil {
			t.Fatal(err)
		}
		a, err := got.ConfigName()
		b, other := want.ConfigName()
		if err != nil || other != nil || a != b {
			t.Errorf("%s: got %s, want %s (%v, %v)", ref, a, b, err, other)
		}
	}
}
