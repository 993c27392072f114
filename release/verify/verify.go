// Package verify checks a release as a stranger would: offline, with public keys alone, and
// with no trust in the folder that it is in.
//
//	report, err := verify.Release(ctx, "dist/ship/release", verify.Request{Keys: keys})
//	for _, line := range report.Lines() { … }
//
// A fault of the release is in the report. An error is that it could not be checked.
package verify

import (
	"context"
	"path"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/release/contents"
	"github.com/slipway-build/slipway/release/sign"
)

// A Request says what to check beyond what every release has.
type Request struct {
	Keys sign.Verifier // public keys of the publisher; without any, signatures are not checked
	// Rebuilders is how many others must have rebuilt the release, as statements say that
	// are signed by Others.
	Rebuilders int
	Others     sign.Verifier // public keys of those who may have rebuilt it
	Rebuilds   []string      // files with such statements, besides those in rebuilds/ of the release
	Events     event.Sink    // told how much has been read
}

// A verification is a release whose files have been read.
type verification struct {
	*reader
	Request
	dir     string
	release artifact.Release
	images  []*image
	rpms    map[string]*signedRPM // by path
	// lists are what index.json of each layout lists, and attached the bundles of images, by the
	// layout and by the digest of the image.
	lists    map[string][]v1.Descriptor
	attached map[string]map[string][]string
}

// Release checks the release in the folder dir. Each file is read once.
func Release(ctx context.Context, dir string, r Request) (Report, error) {
	found := Check{Name: "folder", Of: "files"}
	files, err := list(dir, &found)
	if err != nil {
		return Report{}, err
	}
	defer files.root.Close()
	report := Report{Schema: ReportSchema, Files: len(files.paths), Bytes: files.bytes}
	found.Count = report.Files
	v := &verification{reader: &reader{folder: files, events: r.Events, name: dir}, Request: r, dir: dir,
		lists: map[string][]v1.Descriptor{}, attached: map[string]map[string][]string{}}
	if v.release, err = files.record(dir); err != nil {
		found.fault(artifact.ReleaseFile, again, "%v", err)
		report.Checks = []Check{found.done()}
		return report, nil
	}
	report.Fork, report.Name, report.Version = v.release.Fork, v.release.Name, v.release.Version
	v.plan()
	if err := v.readAll(ctx); err != nil {
		return Report{}, err
	}
	if err := v.readRPMs(ctx); err != nil {
		return Report{}, err
	}
	report.Record = v.recordDigest()
	report.Checks = []Check{found.done(), v.checkSums(), v.checkSignatures(), v.checkRecord(), v.checkImages(),
		v.checkDocuments(), v.checkBinaries()}
	if r.Rebuilders > 0 {
		c, err := v.checkRebuilds()
		if err != nil {
			return Report{}, err
		}
		report.Checks = append(report.Checks, c)
	}
	return report, nil
}

// plan opens the images' manifests, and settles which files are walked: those that hold
// binaries.
func (v *verification) plan() {
	v.want, v.look, v.sizes = want(v.release), map[string]string{}, map[string]int64{}
	for _, a := range v.release.Artifacts {
		var i *image
		if a.Kind == artifact.Image {
			i = v.openImage(a)
			v.images = append(v.images, i)
		} else {
			v.sizes[a.Path] = a.Size
		}
		switch {
		case len(a.Holds) == 0 || a.Kind == artifact.Binary:
		case i == nil:
			v.look[a.Path] = contents.FormatOf(a.Path)
		default:
			for _, layers := range i.layers {
				for _, file := range layers {
					v.look[file] = contents.Tar
				}
			}
		}
	}
}

func (v *verification) recordDigest() string {
	return "sha256:" + v.facts[artifact.ReleaseFile].sha256
}

// file returns the path on this machine of a file of the release.
func (v *verification) file(name string) string {
	return filepath.Join(v.dir, filepath.FromSlash(path.Clean(name)))
}
