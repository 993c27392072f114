package pipeline

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"path"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/inventory"
	"github.com/slipway-build/slipway/pipeline/image"
	"github.com/slipway-build/slipway/release"
	"github.com/slipway-build/slipway/release/provenance"
	"github.com/slipway-build/slipway/release/sbom"
	"github.com/slipway-build/slipway/sysroot"
)

// Input returns what a release of finished artifacts is made of.
func (r Releasing) Input(ctx context.Context, made artifact.Set) (release.Input, error) {
	s := r.Session()
	f := s.Fork()
	in := release.Input{Fork: f, Made: made, Known: release.Known{
		Lock: s.Lock(), Slipway: slipwayVersion(), Go: s.HostGo().GOVERSION,
	}}
	var err error
	if in.Record.Patches, err = s.Released(ctx); err != nil {
		return in, err
	}
	if in.Known.Patches, err = texts(ctx, s); err != nil {
		return in, err
	}
	in.Known.Statements = f.Vex.Statements(in.Record.Patches)
	if err := r.compiled(&in); err != nil {
		return in, err
	}
	if in.Known.Modules, err = r.modules(ctx); err != nil {
		return in, err
	}
	if err := r.bases(&in, made.Kind(artifact.Image)); err != nil {
		return in, err
	}
	if in.Known.License, err = inventory.License(f); err != nil {
		return in, err
	}
	in.Known.Checkout, err = provenance.ReadCheckout(ctx, s.Runner(), s.Env(), f.Project.Dir)
	if err != nil {
		s.Note("the provenance does not name the commit of this project: " + err.Error())
	}
	in.Known.Sources, err = provenance.ReadSources(f.Project.Dir, r.sources()...)
	return in, err
}

// sources are the files and folders of the project that decide what is released.
func (r Releasing) sources() []string {
	var out []string
	for _, f := range slices.Concat(r.others, []fork.Fork{r.fork}, r.from) {
		out = append(out, f.File(""), path.Join("profiles", f.Profile), path.Join("profiles", f.Profile+".yaml"))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// texts returns the texts of a fork's patches, by name.
func texts(ctx context.Context, s *build.Session) (map[string][]byte, error) {
	series, err := s.Series(ctx)
	out := map[string][]byte{}
	for _, p := range series.Effective() {
		out[p.Name] = p.Data
	}
	return out, err
}

// compiled adds what is the same for all binaries, and how those of each platform are
// compiled.
func (r Releasing) compiled(in *release.Input) error {
	s := r.Session()
	for _, p := range r.on {
		_, b, err := s.Input(p)
		if err != nil {
			return err
		}
		in.Record.Upstream = artifact.Pinned(b.Upstream)
		in.Record.Tree, in.Record.Commit, in.Record.Date, in.Record.Toolchain = b.Tree, b.Commit, b.Date, b.Toolchain
		in.Known.Builds = append(in.Known.Builds, provenance.Build{Platform: p.String(), Flags: b.Flags, Env: b.Env})
	}
	in.Record.Schema, in.Record.Fork = artifact.ReleaseSchema, in.Fork.ID
	in.Record.Name, in.Record.Version = in.Fork.Name, in.Fork.Version
	in.Record.Lock = fmt.Sprintf("sha256:%x", sha256.Sum256(s.Lock().Encode()))
	in.Record.Platforms = slices.Sorted(slices.Values(names(r.on)))
	in.Known.Options = map[string]string{"platforms": strings.Join(in.Record.Platforms, ",")}
	return nil
}

// modules returns those that are linked into the binaries.
func (r Releasing) modules(ctx context.Context) ([]artifact.Module, error) {
	s := r.Session()
	jobs, err := r.jobs()
	if err != nil {
		return nil, err
	}
	var all []build.Binaries
	for _, j := range jobs {
		b, err := s.Binaries(ctx, j)
		if err != nil {
			return nil, err
		}
		all = append(all, b.Only(j.Components))
	}
	return inventory.Of(ctx, s, s.Fork().Release.Licenses, all...)
}

// bases adds what images are based on, and the pins of sysroots.
func (r Releasing) bases(in *release.Input, made artifact.Set) error {
	var titles []string
	for _, a := range made {
		titles = append(titles, a.Name)
	}
	bases, err := image.Bases(r.fork, titles, linux(r.on))
	if err != nil {
		return err
	}
	var packages []image.Package
	for _, b := range bases {
		in.Known.Bases = append(in.Known.Bases, listed(b, cmp.Or(in.Known.Slipway, "devel")))
		packages = append(packages, b.Packages...)
		if _, digest, ok := strings.Cut(b.Reference, "@"); ok {
			in.Known.BaseImages = append(in.Known.BaseImages, provenance.Image{Reference: b.Reference, Digest: digest})
		}
	}
	roots, err := sysroot.ReadLock(r.fork)
	if err != nil {
		return err
	}
	for _, p := range in.Record.Platforms {
		packages = append(packages, image.Located(roots[p].Of.Suites, roots[p].Packages)...)
	}
	for _, p := range packages {
		in.Known.Packages = append(in.Known.Packages, provenance.Package{
			Name: p.Name, Version: p.Version, Architecture: p.Architecture, URL: p.URL, SHA256: p.SHA256,
		})
	}
	return nil
}

// listed returns a base as SBOMs list it. slipway is the version of Slipway's own programs.
func listed(b image.Base, slipway string) sbom.Base {
	out := sbom.Base{Image: b.Image, Platform: b.Platform.String(), Reference: b.Reference}
	for _, p := range b.Packages {
		out.Suite = p.Suite
		out.Packages = append(out.Packages, sbom.Debian{
			Name: p.Name, Version: p.Version, Arch: p.Architecture, SHA256: p.SHA256,
		})
	}
	for _, name := range b.Programs {
		out.Programs = append(out.Programs, sbom.Program{
			Name: name, Version: slipway, License: []string{"Apache-2.0"},
		})
	}
	return out
}

// slipwayVersion returns the version of Slipway that a project requires, or "" within
// Slipway itself.
func slipwayVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range info.Deps {
		if m.Path == "github.com/slipway-build/slipway" {
			return m.Version
		}
	}
	return ""
}
