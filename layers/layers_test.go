package layers

import (
	"encoding/json"
	"errors"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/debbase"
	"github.com/slipway-build/slipway/images"
)

// The texts are parts of keys in every user's cache: another text here has all
// layers written again.
func TestDescribe(t *testing.T) {
	tests := []struct {
		about string
		file  images.File
		want  string
	}{
		{
			"content", images.File{Path: "/etc/ship", Data: []byte("sails")},
			"269f9e6e14c6a1feb1cfdc9c34f5d36d6d9c66cd50b71212db452021e5a15e86" +
				"{Path:/etc/ship Mode:0 UID:0 GID:0 Folder:false Target: Hard:false Data:[] Source: Sum: Size:0 " +
				"Open:<nil> Bind:false Guest:false}",
		},
		{
			"a program", images.File{Path: "/bin/bosun", Mode: 0o755, Bind: true, Source: "/dist/bosun"},
			"sum of /dist/bosun{Path:/bin/bosun Mode:493 UID:0 GID:0 Folder:false Target: Hard:false Data:[] Source: Sum: " +
				"Size:0 Open:<nil> Bind:true Guest:false}",
		},
		{
			"a program for the host, which has the same layer", images.File{
				Path: "/bin/bosun", Mode: 0o755, Bind: true, Source: "/dist/bosun", Guest: true,
			},
			"sum of /dist/bosun{Path:/bin/bosun Mode:493 UID:0 GID:0 Folder:false Target: Hard:false Data:[] Source: Sum: " +
				"Size:0 Open:<nil> Bind:true Guest:false}",
		},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			given := []images.File{test.file}
			sums, files, err := describe(given, func(name string) (string, error) { return "sum of " + name, nil })
			if err != nil {
				t.Fatal(err)
			}
			if sums[0] != test.want {
				t.Errorf("got  %s\nwant %s", sums[0], test.want)
			}
			if want := test.file.Source != ""; (files[0].Sum != "") != want {
				t.Errorf("the writer is told the sum %q", files[0].Sum)
			}
			if !reflect.DeepEqual(given[0], test.file) {
				t.Errorf("the given file has become %+v", given[0])
			}
		})
	}
	gone := errors.New("gone")
	_, _, err := describe([]images.File{{Source: "x"}}, func(string) (string, error) { return "", gone })
	if !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
}

func TestInput(t *testing.T) {
	in := input{key: []any{[]string{"sum"}, "zstd", "2026-02-03 04:05:06 +0000 UTC"}}
	data, err := json.Marshal(in)
	if want := `[["sum"],"zstd","2026-02-03 04:05:06 +0000 UTC"]`; string(data) != want || err != nil {
		t.Errorf("got %s, %v, want %s", data, err, want)
	}
}

func TestReadLayer(t *testing.T) {
	dir := t.TempDir()
	if _, err := readLayer(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	sum := v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("0", 64)}
	want := images.Layer{CompressedHash: sum, UncompressedHash: sum, Files: []images.Entry{{Path: "/hold", Folder: true}}}
	if err := build.WriteJSON(dir, "layer.json", want); err != nil {
		t.Fatal(err)
	}
	got, err := readLayer(dir)
	if err != nil || !slices.Equal(got.Files, want.Files) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestDebianFiles(t *testing.T) {
	tests := []struct {
		entry debbase.Entry
		want  images.File
	}{
		{
			debbase.Entry{Path: "tmp", Kind: debbase.Folder, Mode: 0o777 | fs.ModeSticky},
			images.File{Path: "/tmp", Mode: 0o1777, Folder: true},
		},
		{
			debbase.Entry{Path: "usr/sbin/ethtool", Mode: 0o755, UID: 1, GID: 2, Size: 3},
			images.File{Path: "/usr/sbin/ethtool", Mode: 0o755, UID: 1, GID: 2, Size: 3},
		},
		{
			debbase.Entry{Path: "bin", Kind: debbase.Link, Mode: 0o777, Target: "usr/bin"},
			images.File{Path: "/bin", Mode: 0o777, Target: "usr/bin"},
		},
		{
			debbase.Entry{Path: "usr/bin/b", Kind: debbase.HardLink, Mode: 0o755, Target: "usr/bin/a"},
			images.File{Path: "/usr/bin/b", Mode: 0o755, Target: "usr/bin/a", Hard: true},
		},
	}
	for _, test := range tests {
		if got := debianFiles([]debbase.Entry{test.entry}); !reflect.DeepEqual(got, []images.File{test.want}) {
			t.Errorf("got  %+v\nwant %+v", got, test.want)
		}
	}
}
