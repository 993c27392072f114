package images_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/platform"
)

// Makes an image of one layer, and an index with it.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	date := time.Date(2026, 5, 12, 9, 51, 33, 0, time.UTC)

	files := []images.File{
		{Path: "/usr/bin/captain", Mode: 0o755, Data: []byte("#!/bin/sh\n")},
		{Path: "/captain", Target: "usr/bin/captain"},
	}
	if err := images.Check("ship", "amd64", images.Base{}, files, []string{"/captain"}); err != nil {
		log.Fatal(err)
	}
	var w images.LayerWriter
	layer, err := w.Write(filepath.Join(dir, "layer"), files, "zstd", date)
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range layer.Files {
		fmt.Println(e.Path)
	}

	image, err := images.Image{
		Recipe:   images.Recipe{Name: "ship", Args: []string{"--sails"}},
		Platform: platform.Platform{OS: "linux", Arch: "amd64"},
		Layers:   []*images.Layer{layer},
		Command:  []string{"/captain"},
		Created:  date,
	}.Assemble()
	if err != nil {
		log.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(config.Config.Entrypoint, config.Config.Cmd)

	index, err := images.Index(images.OCI, []v1.Image{image}, nil)
	if err != nil {
		log.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(manifest.Manifests[0].Platform)
	// Output:
	// /captain
	// /usr
	// /usr/bin
	// /usr/bin/captain
	// [/captain] [--sails]
	// linux/amd64
}

// A check names each file that an image must not hold.
func ExampleCheck() {
	err := images.Check("ship", "amd64", images.Base{}, []images.File{
		{Path: "/home/mate/.netrc"},
		{Path: "/bin/mate", Target: "captain"},
	}, []string{"/captain"})
	fmt.Println(err)
	// Output:
	// image ship: /home/mate/.netrc looks like a secret, and everybody who pulls an image can read it
	// image ship: /bin/mate leads to /bin/captain, which is missing
	// image ship: it cannot start /captain: /captain is missing
}
