// Package packages makes debs and rpms of a fork, in dist/FORK/deb and
// dist/FORK/rpm, with the binaries that they need.
package packages

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/deb"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/action"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/rpm"
)

// A Request says which packages to make.
type Request struct {
	Packages  []string // by name; empty: all that the fork has the programs for
	Platforms []string // as linux/arm64, or all; empty: this machine's
	// DryRun only tells what would be done; the session has to be opened for that.
	DryRun bool
}

// A Format writes packages.
type Format struct {
	Name     string // of the stage, and of the folder in dist/FORK
	Revision int    // counts the changes of Write that change what it writes
	Family   packaging.Family
	Write    func(p packaging.Package, w io.Writer, scratch string) (file string, err error)
}

// Deb is the format of Debian packages.
func Deb() Format { return Format{"deb", deb.Revision, packaging.Debian(), deb.Write} }

// RPM is the format of Fedora's packages.
func RPM() Format { return Format{"rpm", rpm.Revision, packaging.Fedora(), rpm.Write} }

// A Record is packages.json: the packages beside it.
type Record struct {
	Fork     string         `json:"fork"`
	Version  string         `json:"version"`
	Platform string         `json:"platform"`
	Packages []Made         `json:"packages"` // sorted by name
	Binaries []cross.Binary `json:"binaries"` // that are in them
}

// A Made is one package, written.
type Made struct {
	Name   string     `json:"name"`
	File   string     `json:"file"`
	Size   int64      `json:"size"` // bytes
	SHA256 string     `json:"sha256"`
	Inputs action.Key `json:"inputs"` // covers all that decided its bytes
}

// Run makes the packages that r names and that are not up to date.
func Run(ctx context.Context, s *build.Session, f Format, r Request) (artifact.Set, error) {
	plans, err := newPlans(s, f, r)
	if err != nil {
		return nil, err
	}
	s.Announce()
	make := run
	if s.DryRun() {
		make = foresee
	}
	var sets []artifact.Set
	for _, p := range plans {
		set, err := make(ctx, s, p)
		if err != nil {
			return nil, err
		}
		sets = append(sets, set)
	}
	return artifact.Of(sets...), nil
}

// Check returns what is known to keep Run from doing its work.
func Check(s *build.Session, f Format, r Request) error {
	_, err := newPlans(s, f, r)
	return err
}

// run makes the packages of one platform.
func run(ctx context.Context, s *build.Session, plan plan) (artifact.Set, error) {
	in, err := gather(ctx, s, plan)
	if err != nil {
		return nil, err
	}
	kept := upToDate(s, plan, in)
	all := kept
	count := text.Count(len(plan.recipes), "package")
	err = s.Stage(plan.format.Name, plan.platform.String(), "", func() (build.Done, error) {
		if missing := plan.missing(kept); len(missing) > 0 {
			composed, err := s.Packages(ctx, plan.input, plan.recipes, in.built, in.host)
			if err != nil {
				return build.Done{}, err
			}
			all, err = write(ctx, s, plan, in, job{composed: composed, missing: missing, kept: kept})
			return build.Done{Detail: count}, err
		}
		return build.Done{Detail: count, Kept: true}, nil
	})
	if err != nil {
		return nil, err
	}
	return s.Report(plan.artifacts(all, kept)...), nil
}

// A plan is what will be made for one platform, before anything is built.
type plan struct {
	format     Format
	platform   platform.Platform
	dir        string // relative to the project
	input      packaging.Input
	recipes    []packaging.Recipe // that were asked for
	components []cross.Component  // that their programs are
}

// newPlans returns a plan for each platform that is asked for.
func newPlans(s *build.Session, f Format, r Request) ([]plan, error) {
	platforms, err := s.PackagePlatforms(r.Platforms)
	if err != nil {
		return nil, err
	}
	out := make([]plan, len(platforms))
	for i, p := range platforms {
		if out[i], err = newPlan(s, f, p, r.Packages); err != nil {
			return nil, err
		}
		if err := s.Dist().CheckFolders(out[i].dir); err != nil {
			return nil, err
		}
	}
	return out, checkOthers(s.Fork(), out)
}

func newPlan(s *build.Session, f Format, p platform.Platform, names []string) (plan, error) {
	out := plan{format: f, platform: p, dir: s.Fork().Dist(f.Name, p.Dir())}
	var err error
	if out.input, err = s.PackageInput(f.Family, p); err != nil {
		return out, err
	}
	if out.recipes, err = out.input.Select(names); err != nil {
		return out, err
	}
	out.components = s.Components(out.input, build.Programs(out.recipes))
	return out, out.input.Check()
}

// missing returns the names of the packages that are asked for and not kept.
func (p plan) missing(kept map[string]Made) []string {
	var out []string
	for _, r := range p.recipes {
		if _, ok := kept[r.Name]; !ok {
			out = append(out, r.Name)
		}
	}
	return out
}

// artifacts returns the packages that were asked for, sorted by name.
func (p plan) artifacts(all, kept map[string]Made) []artifact.Artifact {
	var out []artifact.Artifact
	for _, r := range p.recipes {
		made := all[r.Name]
		_, was := kept[r.Name]
		out = append(out, artifact.Artifact{
			Kind: artifact.Package, Format: p.format.Name, Name: made.Name, Platform: p.platform,
			Path: filepath.Join(p.dir, made.File), Size: made.Size, Digest: "sha256:" + made.SHA256, Kept: was,
			Holds: p.holds(r),
		})
	}
	slices.SortFunc(out, func(a, b artifact.Artifact) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// holds returns the components whose binaries are in a package, sorted.
func (p plan) holds(r packaging.Recipe) []string {
	var out []string
	for program := range r.Programs {
		if at := slices.IndexFunc(p.components, func(c cross.Component) bool { return c.Name == program }); at >= 0 {
			out = append(out, program)
		}
	}
	slices.Sort(out)
	return out
}

// inputs are the binaries and images that packages are made of.
type inputs struct {
	built build.Binaries // that go into them
	host  build.Binaries // that this machine can run, for what they tell of themselves
	// images are the SHA-256 of the images that are a part of packages, by name.
	images map[string]string
}

func gather(ctx context.Context, s *build.Session, p plan) (inputs, error) {
	var in inputs
	var err error
	if in.images, err = p.images(ctx, s); err != nil || len(p.components) == 0 {
		return in, err
	}
	if in.built, err = s.Binaries(ctx, fork.Job{Platform: p.platform, Components: p.components}); err != nil {
		return in, err
	}
	if in.host = in.built; p.platform != s.Host() {
		in.host, err = s.Binaries(ctx, fork.Job{Platform: s.Host(), Components: p.components})
	}
	return in, err
}

// images returns the SHA-256 of the images that are a part of the fork's packages, by name.
func (p plan) images(ctx context.Context, s *build.Session) (map[string]string, error) {
	all, err := p.input.Select(nil)
	if err != nil {
		return nil, err
	}
	sums := map[string]string{}
	for _, r := range all {
		for _, name := range r.Images() {
			if sums[name] != "" {
				continue
			}
			data, err := s.Image(ctx, name, p.platform)
			if err != nil {
				return nil, fmt.Errorf("package %s: %w", r.Name, err)
			}
			sums[name] = fmt.Sprintf("%x", sha256.Sum256(data))
		}
	}
	return sums, nil
}

// key covers all that decides a package's bytes.
func (p plan) key(l lock.Lock, in inputs, r packaging.Recipe) (action.Key, error) {
	what, err := p.input.Inputs(r)
	if err != nil {
		return "", err
	}
	sums, docs := map[string]string{}, map[string]string{}
	for program := range r.Programs {
		if b := in.built.Get(program); b.Component != "" {
			sums[program] = b.SHA256
		}
	}
	for program := range r.Man {
		docs[program] = in.host.Get(p.input.Component(program)).SHA256
	}
	for program := range r.Completions {
		docs[program] = in.host.Get(p.input.Component(program)).SHA256
	}
	images := map[string]string{}
	for _, name := range r.Images() {
		images[name] = in.images[name]
	}
	return action.NewKey(p.format.Name, p.format.Revision, struct {
		What     any
		Lock     string
		Binaries map[string]string
		Docs     map[string]string
		Closes   []string          `json:",omitempty"`
		Images   map[string]string `json:",omitempty"`
	}{what, string(l.Encode()), sums, docs, p.input.Closes, images}), nil
}

// upToDate returns the packages in dist, by name, that are what would be made now.
func upToDate(s *build.Session, p plan, in inputs) map[string]Made {
	kept := map[string]Made{}
	data, err := os.ReadFile(s.Dist().Abs(filepath.Join(p.dir, "packages.json")))
	var old Record
	if err != nil || json.Unmarshal(data, &old) != nil {
		return kept
	}
	all, err := p.input.Select(nil)
	if err != nil {
		return kept
	}
	for _, made := range old.Packages {
		i := slices.IndexFunc(all, func(r packaging.Recipe) bool { return r.Name == made.Name })
		if i < 0 || filepath.Base(made.File) != made.File {
			continue
		}
		if now, err := p.key(s.Lock(), in, all[i]); err != nil || now != made.Inputs {
			continue
		}
		if s.Dist().Intact(filepath.Join(p.dir, made.File), made.Size, made.SHA256) {
			kept[made.Name] = made
		}
	}
	return kept
}
