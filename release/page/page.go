// Package page writes the page of a release: one HTML file that says what is released,
// how to install and to check it, and what is in it. It loads nothing, from elsewhere or
// from beside it, so it reads the same from a web server and from a folder without one.
package page

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/page/sizes"
	"github.com/slipway-build/slipway/release/page/style"
)

// File is the name of the page in the folder of a release.
const File = "index.html"

// An Input is what a page tells.
type Input struct {
	Release  artifact.Release
	Last     *artifact.Release // the one before it, which sizes are compared with; nil, if there is none
	Timeline artifact.Timeline // of the build; empty, if nothing is known of it

	// Sizes are what binaries are made of, by their paths in the release, as Sizes
	// returns it. LastSizes is the same of the last release; nil, if its files are not at hand.
	Sizes, LastSizes map[string][]sizes.Weight

	// Files are the paths of the files in the release's folder that its record does not
	// have: sums, signatures, bundles, notes, public keys. The page links to no other file.
	Files []string

	Keys     []artifact.ReleaseKey // that it is signed with; none, if it is unsigned
	Rebuilds []string              // paths, among Files, of statements that somebody else built the same
	Tag      string                // of its images, in the layout and in a registry
	Registry string                // prefix of the images' names in a registry; "", if they are in none
	URL      string                // of the folder of the release, where it is published; "", if that is not known
}

// Sizes returns what each binary of a release is made of, by its path. dir is the folder
// of the release.
func Sizes(dir string, r artifact.Release) (map[string][]sizes.Weight, error) {
	binaries := r.Kind(artifact.Binary)
	weights, errs := make([][]sizes.Weight, len(binaries)), make([]error, len(binaries))
	var all sync.WaitGroup
	busy := make(chan struct{}, runtime.GOMAXPROCS(0)) // each holds the tables of a whole program
	for i, b := range binaries {
		all.Go(func() {
			busy <- struct{}{}
			defer func() { <-busy }()
			weights[i], errs[i] = sizes.File(filepath.Join(dir, filepath.FromSlash(b.Path)))
		})
	}
	all.Wait()
	out := map[string][]sizes.Weight{}
	for i, b := range binaries {
		out[b.Path] = weights[i]
	}
	return out, errors.Join(errs...)
}

//go:embed page.html.tmpl
var pageTemplate string

// HTML returns the page. The same input makes the same bytes.
func HTML(in Input) ([]byte, error) {
	page, err := style.Parse(pageTemplate, template.FuncMap{"amount": amount, "count": count})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := page.Execute(&out, newView(in)); err != nil {
		return nil, fmt.Errorf("writing %s: %w", File, err)
	}
	return out.Bytes(), nil
}
