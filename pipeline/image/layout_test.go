package image

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/output"
)

func shipRecord() artifact.Images {
	return artifact.Images{Fork: "ship-1.4", Version: "1.4.1+test.1", Tag: "v1.4.1_test.1"}
}

// checkRecord compares a record with the images of bosun and ship, for two
// platforms each.
func checkRecord(t *testing.T, got artifact.Images, all made) {
	t.Helper()
	if len(got.Images) != 2 || got.Images[0].Name != "bosun" || got.Images[1].Name != "ship" {
		t.Fatalf("got %+v", got)
	}
	for _, one := range got.Images {
		for i, want := range all[one.Name] {
			have, l := one.Platforms[i], want.Layers[0]
			if have.Platform != want.Platform.String() ||
				have.Size != l.CompressedSize || have.Uncompressed != l.UncompressedSize {
				t.Errorf("%s: got %+v", one.Name, have)
			}
		}
	}
}

func TestWriteLayout(t *testing.T) {
	all := made{
		"ship":  {shipImage(t, "ship", amd64, "zstd", "gzip"), shipImage(t, "ship", arm64, "zstd", "gzip")},
		"bosun": {shipImage(t, "bosun", amd64, "zstd", "gzip"), shipImage(t, "bosun", arm64, "zstd", "gzip")},
	}
	var dirs []string
	for range 4 {
		dir := filepath.Join(t.TempDir(), "whole")
		record, err := writeLayout(dir, shipRecord(), all, true)
		if err != nil {
			t.Fatal(err)
		}
		checkRecord(t, record, all)
		dirs = append(dirs, dir)
	}
	files := output.List(dirs[0])
	for _, want := range []string{"docker-amd64.tar", "docker-arm64.tar", "images.json", "index.json", "oci-layout"} {
		if !slices.Contains(files, want) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, dir := range dirs[1:] {
		for _, name := range files {
			a, err := os.ReadFile(filepath.Join(dirs[0], name))
			b, other := os.ReadFile(filepath.Join(dir, name))
			if err != nil || other != nil || string(a) != string(b) {
				t.Errorf("%s has other bytes the second time (%v, %v)", name, err, other)
			}
		}
	}
}
