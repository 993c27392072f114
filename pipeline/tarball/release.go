package tarball

import (
	"context"
	"fmt"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/internal/action"
)

// A ReleaseRequest says which release tarballs to make.
type ReleaseRequest struct {
	// Tarballs are kinds of the profile's tarballs.yaml, as server or src; those that they hold
	// are made, too. Empty: all that the fork has the programs and the files for.
	Tarballs  []string
	Platforms []string // as linux/arm64, or all; empty: this machine's
	// Images is the folder with the layout of the fork's images, relative to the project, as
	// dist/FORK/images. Empty: the tarballs have no images.
	Images string
}

// recordFile is the name of the record beside the tarballs.
const recordFile = "tarballs.json"

// A Record is tarballs.json: the release tarballs beside it.
type Record struct {
	Fork     string     `json:"fork"`
	Version  string     `json:"version"`
	Tarballs []Made     `json:"tarballs"` // sorted by file
	Missing  []Missing  `json:"missing"`  // from the patched tree, in the order of the plan
	Tree     action.Key `json:"tree"`     // covers all that decided what is missing
}

// A Made is one tarball, written.
type Made struct {
	File     string     `json:"file"`
	Platform string     `json:"platform,omitempty"` // none of one for all platforms
	Size     int64      `json:"size"`               // bytes
	SHA256   string     `json:"sha256"`
	Inputs   action.Key `json:"inputs"` // covers all that decided its bytes
}

// A Missing is what the patched tree does not have for a tarball.
type Missing struct {
	File  string   `json:"file"` // of the tarball
	Kind  string   `json:"kind"`
	Paths []string `json:"paths"`
	// Out says that the tarball cannot be made without.
	Out bool `json:"out"`
}

// Release writes the tarballs that r asks for and that are not up to date to
// dist/FORK/tarballs, which then holds just these. What is in them, and their names, are those
// of upstream's release of that version.
func Release(ctx context.Context, s *build.Session, r ReleaseRequest) (artifact.Set, error) {
	p, err := newPlan(s, r)
	if err != nil {
		return nil, err
	}
	in, err := gatherImages(p)
	if err != nil {
		return nil, err
	}
	s.Announce()
	old := readRecord(s, p)
	missing, err := findMissing(ctx, s, p, old)
	if err != nil {
		return nil, err
	}
	if p, err = p.without(missing); err != nil {
		return nil, err
	}
	p.tell(s, missing)
	if in, err = gatherBinaries(ctx, s, p, in); err != nil {
		return nil, err
	}
	kept := p.upToDate(s, in, old)
	made, err := write(ctx, s, p, job{inputs: in, kept: kept, record: p.record(missing)})
	if err != nil {
		return nil, err
	}
	return s.Report(p.artifacts(made, kept)...), nil
}

// CheckRelease returns what is known to keep Release from doing its work.
func CheckRelease(s *build.Session, r ReleaseRequest) error {
	_, err := newPlan(s, r)
	return err
}

// artifacts returns the tarballs in the order of the plan.
func (p plan) artifacts(made, kept map[string]Made) []artifact.Artifact {
	var out []artifact.Artifact
	for _, t := range p.tarballs {
		m := made[t.file]
		_, was := kept[t.file]
		out = append(out, artifact.Artifact{
			Kind: artifact.Tarball, Format: "tar.gz", Path: p.fork.Dist(folder, t.file), Platform: t.platform, Size: m.Size,
			Digest: "sha256:" + m.SHA256, Holds: t.holds(), Kept: was,
		})
	}
	return out
}

// tell says in one note which tarballs are not made, or not whole, and why.
func (p plan) tell(s *build.Session, missing []Missing) {
	var lines []string
	if len(p.empty) > 0 {
		lines = append(lines, "the fork builds no program for "+strings.Join(p.empty, ", "))
	}
	for _, m := range missing {
		how := "is made without"
		if m.Out {
			how = "is left out, as the patched tree has no"
		}
		lines = append(lines, fmt.Sprintf("%s %s %s", m.File, how, strings.Join(m.Paths, ", ")))
	}
	if len(lines) > 0 {
		s.Note("tarballs: " + strings.Join(lines, "; "))
	}
}
