package images

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/slipway-build/slipway/platform"
)

var date = time.Date(2026, 5, 12, 9, 51, 33, 0, time.UTC)

func write(t *testing.T, files []File, compression string) *Layer {
	t.Helper()
	l, err := new(Press).Write(filepath.Join(t.TempDir(), "layer"), files, compression, date)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A layer's files are in order, below their folders, with owners and dates that
// do not depend on who writes it, and are the same bytes each time.
func TestWrite(t *testing.T) {
	files := []File{
		{Path: "/usr/bin/captain", Mode: 0o755, Data: []byte("program"), Bind: true},
		{Path: "/captain", Target: "usr/bin/captain"},
		{Path: "/usr/bin/skipper", Target: "/usr/bin/captain", Hard: true},
		{Path: "/etc/ship", Folder: true, UID: 491, GID: 491, Mode: 0o700},
		{Path: "/etc/ship/orders", Data: []byte("north")},
	}
	for _, compression := range []string{"gzip", "zstd"} {
		l := write(t, files, compression)
		reversed := slices.Clone(files)
		slices.Reverse(reversed)
		if again := write(t, reversed, compression); again.Hash != l.Hash || again.Diff != l.Diff {
			t.Errorf("%s: the files in another order are another layer", compression)
		}
		r, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for in := tar.NewReader(r); ; {
			h, err := in.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if !h.ModTime.Equal(date) || h.Uname != "" || h.Gid != h.Uid {
				t.Errorf("%s: %s is of %s, %q %d:%d", compression, h.Name, h.ModTime, h.Uname, h.Uid, h.Gid)
			}
			capability := []byte(h.PAXRecords["SCHILY.xattr.security.capability"])
			if want := h.Name == "usr/bin/captain"; (len(capability) > 0) != want || want && !bytes.Equal(capability, []byte{1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}) {
				t.Errorf("%s: %s has the capabilities %x", compression, h.Name, capability)
			}
			got = append(got, h.FileInfo().Mode().String()+" "+h.Name+" "+h.Linkname)
		}
		r.Close()
		want := []string{
			"Lrwxrwxrwx captain usr/bin/captain", "drwxr-xr-x etc/ ", "drwx------ etc/ship/ ", "-rw-r--r-- etc/ship/orders ",
			"drwxr-xr-x usr/ ", "drwxr-xr-x usr/bin/ ", "-rwxr-xr-x usr/bin/captain ", "---------- usr/bin/skipper usr/bin/captain",
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: the layer has\n%s\nand not\n%s", compression, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if _, err := new(Press).Write(filepath.Join(t.TempDir(), "layer"), append(files, files[len(files)-1]), "gzip", date); err == nil || !strings.Contains(err.Error(), "/etc/ship/orders is in the image twice") {
		t.Errorf("a file that is there twice: %v", err)
	}
}

// An image, and an index of two, pass the checks that registries make.
func TestAssemble(t *testing.T) {
	var all []v1.Image
	for _, arch := range []string{"amd64", "arm64"} {
		i := Image{
			Recipe: Recipe{Name: "ship", User: "captain", Args: []string{"--sails"}, Ports: []string{"4242/tcp"}}, Platform: platform.Platform{OS: "linux", Arch: arch},
			Layers: []*Layer{write(t, []File{{Path: "/etc/ship", Data: []byte(arch)}}, "gzip")}, Command: []string{"/captain"}, Labels: map[string]string{"a": "b"}, Created: date,
		}
		image, err := i.Assemble()
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Image(image); err != nil {
			t.Errorf("%s: %v", arch, err)
		}
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if c := config.Config; config.Architecture != arch || c.User != "captain" || c.Entrypoint[0] != "/captain" || c.Cmd[0] != "--sails" || c.Labels["a"] != "b" || len(c.ExposedPorts) != 1 {
			t.Errorf("%s: its configuration is %+v", arch, config)
		}
		all = append(all, image)
	}
	index, err := Index(all, map[string]string{"a": "b"})
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}

	// What was laid out is a base for others, for the platforms that it has.
	dir := t.TempDir()
	to, err := layout.Write(filepath.Join(dir, "base"), empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := to.AppendIndex(index); err != nil {
		t.Fatal(err)
	}
	settings := Settings{Base: "./base"}
	base, err := settings.On(t.Context(), dir, platform.Platform{OS: "linux", Arch: "arm64"})
	if err != nil {
		t.Fatal(err)
	}
	if files, err := Contents(base); err != nil || !slices.Equal(files, []Listed{{Path: "/etc", Folder: true}, {Path: "/etc/ship"}}) {
		t.Errorf("the base has %v, %v", files, err)
	}
	if _, err := settings.On(t.Context(), dir, platform.Platform{OS: "linux", Arch: "s390x"}); err == nil || !strings.Contains(err.Error(), "images.base: ./base: it has no image for linux/s390x") {
		t.Errorf("a base for another architecture: %v", err)
	}
	wrong := Image{Recipe: Recipe{Name: "ship"}, Platform: platform.Platform{OS: "linux", Arch: "amd64"}, Base: base}
	if _, err := wrong.Assemble(); err == nil || !strings.Contains(err.Error(), "image ship: its base is for linux/arm64, and not for linux/amd64") {
		t.Errorf("on a base for another architecture: %v", err)
	}
}

// TestCheck shows what an image may not hold.
func TestCheck(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("no program"), 0o755); err != nil {
		t.Fatal(err)
	}
	base := []Listed{{Path: "/lib64", Target: "usr/lib64"}, {Path: "/usr/lib64/ld.so"}}
	for want, c := range map[string]struct {
		files []File
		start []string
	}{
		"":                                {[]File{{Path: "/a", Data: []byte("x"), Mode: 0o755}, {Path: "/b", Target: "a"}, {Path: "/c", Target: "/lib64/ld.so"}, {Path: "/tmp", Folder: true, Mode: 0o1777}}, []string{"/b"}},
		"a is no clean path":              {[]File{{Path: "a"}}, nil},
		"/a/../b is no clean path":        {[]File{{Path: "/a/../b"}}, nil},
		"runs as its owner":               {[]File{{Path: "/su", Mode: 0o4755}}, nil},
		"/home/mate/.docker/config.json":  {[]File{{Path: "/home/mate/.docker/config.json"}}, nil},
		"/etc/pki/ca.key looks like":      {[]File{{Path: "/etc/pki/ca.key"}}, nil},
		"/x holds a private key":          {[]File{{Path: "/x", Data: []byte("-----BEGIN EC PRIVATE KEY-----")}}, nil},
		"/b leads to /a, which is not":    {[]File{{Path: "/b", Target: "a"}}, nil},
		"/b leads to itself":              {[]File{{Path: "/b", Target: "c"}, {Path: "/c", Target: "b"}}, nil},
		"/text is no executable":          {[]File{{Path: "/text", Source: text, Mode: 0o755}}, nil},
		"cannot start /a: /a leads to /a": {[]File{{Path: "/b"}}, []string{"/a"}},
		"/a, which is no executable":      {[]File{{Path: "/a", Mode: 0o644}}, []string{"/a"}},
	} {
		err := Check("ship", "amd64", base, c.files, c.start)
		if want == "" && err != nil {
			t.Errorf("what is right: %v", err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "image ship: ")) {
			t.Errorf("want an error that says %q, not %v", want, err)
		}
	}
	if err := Check("ship", "s390x", nil, []File{{Path: "/a", Source: self, Mode: 0o755}}, nil); err == nil || !strings.Contains(err.Error(), "/a is ") {
		t.Errorf("a program of another architecture, or system: %v", err)
	}
}
