package overlay

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/repo/tree"
)

// distfilesDir is the folder of what ebuilds fetch, relative to the whole repository's root.
const distfilesDir = "distfiles"

// Distfiles returns what the ebuilds of releases fetch, each file once, sorted by path. Two
// releases whose distfiles have one name and other content are refused, as hosts and mirrors
// keep them by their names.
func Distfiles(releases []Release) ([]tree.File, error) {
	at, by := map[string]tree.File{}, map[string]Release{}
	var faults []error
	for _, r := range releases {
		for _, f := range r.Distfiles {
			had, ok := at[f.Path]
			switch {
			case path.Dir(f.Path) != distfilesDir:
				faults = append(faults, fmt.Errorf("%s: %s is not in %s", r, f.Path, distfilesDir))
			case ok && had.SHA256 != f.SHA256:
				faults = append(faults, fmt.Errorf("%s and %s have other files at %s: sha256:%s and sha256:%s\n"+
					"  Release what changed under a new version", by[f.Path], r, f.Path, had.SHA256, f.SHA256))
			case !ok || had.Data == nil && had.From == "":
				at[f.Path], by[f.Path] = f, r
			}
		}
	}
	files := slices.Collect(maps.Values(at))
	tree.Sort(files)
	return files, errors.Join(faults...)
}

// Warnings tells of ebuilds that fetch distfiles from elsewhere than the repository at url.
func Warnings(releases []Release, url string) []string {
	ours := strings.TrimSuffix(url, "/") + "/" + distfilesDir
	var warnings []string
	for _, r := range releases {
		var others []string
		files := ebuilds.Tree(r.Files)
		for _, ebuild := range files.Ebuilds() {
			for _, from := range files.Sources(ebuild) {
				dir := strings.TrimSuffix(from, "/"+path.Base(from))
				if dir != ours && !slices.Contains(others, dir) {
					others = append(others, dir)
				}
			}
		}
		for _, dir := range others {
			warnings = append(warnings, fmt.Sprintf("ebuilds of %s fetch from %s: copy the repository's distfiles there, or "+
				"set ebuilds.distfiles in fork.yaml to %s for the next version", r, dir, ours))
		}
	}
	return warnings
}
