package build

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/platform"
)

// Binaries are the compiled components of one platform, in dist/FORK/bin.
type Binaries struct {
	Platform platform.Platform
	Dir      string         // absolute
	All      []cross.Binary // all that are up to date there, sorted by component
	kept     map[string]cross.Binary
	linked   []string // packages of all, if all of a job were compiled by this run; otherwise nil
}

// Get returns the binary of a component; one without a name where it is not built.
func (b Binaries) Get(component string) cross.Binary {
	if i := slices.IndexFunc(b.All, func(o cross.Binary) bool { return o.Component == component }); i >= 0 {
		return b.All[i]
	}
	return cross.Binary{}
}

// Path returns the absolute path of a component's binary.
func (b Binaries) Path(component string) string { return filepath.Join(b.Dir, b.Get(component).File) }

// Only returns the binaries with those of components, and no others.
func (b Binaries) Only(components []cross.Component) Binaries {
	b.All = slices.DeleteFunc(slices.Clone(b.All), func(o cross.Binary) bool {
		return !slices.ContainsFunc(components, func(c cross.Component) bool { return c.Name == o.Component })
	})
	return b
}

// Cross compiles what jobs name and is not up to date, into dist/FORK/bin.
func (s *Session) Cross(ctx context.Context, jobs []fork.Job) (artifact.Set, error) {
	if err := s.CheckCross(jobs); err != nil {
		return nil, err
	}
	s.Announce()
	var sets []artifact.Set
	plans, made := make([]plan, len(jobs)), make([]Binaries, len(jobs))
	if s.opts.DryRun {
		return s.foreseeCross(ctx, jobs)
	}
	for i, j := range jobs { // before the first is compiled, the compilers for all have to be there
		var err error
		if plans[i], err = s.plan(ctx, j); err != nil {
			return nil, err
		}
	}
	for i, j := range jobs {
		var err error
		if made[i], err = s.binaries(ctx, plans[i], i == 0); err != nil {
			return nil, err
		}
		sets = append(sets, s.Report(s.artifacts(j, made[i])...))
	}
	s.tellUnused(ctx, jobs, made)
	return artifact.Of(sets...), nil
}

// CheckCross returns what is known to keep Cross from doing its work.
func (s *Session) CheckCross(jobs []fork.Job) error {
	if _, err := s.stamped(); err != nil {
		return err
	}
	for _, j := range jobs {
		if err := s.dist.CheckFolders(s.fork.Dist("bin", j.Platform.Dir())); err != nil {
			return err
		}
	}
	return nil
}

// artifacts returns the binaries of a job, in its order.
func (s *Session) artifacts(j fork.Job, b Binaries) []artifact.Artifact {
	out := make([]artifact.Artifact, len(j.Components))
	for i, c := range j.Components {
		made := b.Get(c.Name)
		_, kept := b.kept[c.Name]
		out[i] = artifact.Artifact{
			Kind: artifact.Binary, Name: c.Name, Path: s.fork.Dist("bin", j.Platform.Dir(), made.File), Platform: j.Platform,
			Size: made.Size, Digest: "sha256:" + made.SHA256, Holds: []string{c.Name}, Kept: kept,
		}
	}
	return out
}

// Binaries compiles what a job names and is not up to date, into dist/FORK/bin.
func (s *Session) Binaries(ctx context.Context, j fork.Job) (Binaries, error) {
	if s.opts.DryRun {
		b, err := s.Current(ctx, j)
		if err == nil && len(b.missing(j)) > 0 {
			err = &WouldRunError{What: "cross " + j.Platform.String()}
		}
		return b, err
	}
	p, err := s.plan(ctx, j)
	if err != nil {
		return Binaries{}, err
	}
	return s.binaries(ctx, p, false)
}

// Current returns what is up to date of a job in dist/FORK/bin. It makes nothing.
func (s *Session) Current(ctx context.Context, j fork.Job) (Binaries, error) {
	p, err := s.plan(ctx, j)
	if err != nil {
		return Binaries{}, err
	}
	b := Binaries{Platform: j.Platform, Dir: s.dist.Abs(p.dir), kept: s.upToDate(p)}
	for _, one := range b.kept {
		b.All = append(b.All, one)
	}
	sortBinaries(b.All)
	return b, nil
}

// Plan returns what Cross would return for jobs, with those kept that are up to date. The
// others have no size and no digest yet.
func (s *Session) Plan(ctx context.Context, jobs []fork.Job) (artifact.Set, error) {
	var out artifact.Set
	for _, j := range jobs {
		b, err := s.Current(ctx, j)
		if err != nil {
			return nil, err
		}
		out = append(out, s.planned(j, b)...)
	}
	return artifact.Of(out), nil
}

// planned returns the binaries of a job, of which b has those that are up to date.
func (s *Session) planned(j fork.Job, b Binaries) []artifact.Artifact {
	var out []artifact.Artifact
	for _, c := range j.Components {
		a := artifact.Artifact{Kind: artifact.Binary, Name: c.Name, Platform: j.Platform,
			Path: s.fork.Dist("bin", j.Platform.Dir(), j.Platform.Exe(c.Name))}
		if one, ok := b.kept[c.Name]; ok {
			a.Size, a.Digest, a.Kept = one.Size, "sha256:"+one.SHA256, true
		}
		out = append(out, a)
	}
	return out
}

// binaries does what Binaries does. The first job of a run also tells of the
// stages before the compiler, if nothing had to be compiled.
func (s *Session) binaries(ctx context.Context, p plan, first bool) (Binaries, error) {
	s.hold.compile.Lock() // media that are made at the same time want the same
	defer s.hold.compile.Unlock()
	j := p.job
	out := Binaries{Platform: j.Platform, Dir: s.dist.Abs(p.dir)}
	out.kept = s.upToDate(p)
	missing := out.missing(j)
	if len(missing) == 0 && first {
		s.tellKept()
	}
	err := s.Stage("cross", j.Platform.String(), j.Names(), func() (Done, error) {
		for _, b := range out.kept {
			out.All = append(out.All, b)
		}
		built, err := s.place(ctx, p, out.kept, missing)
		out.All = append(out.All, built.Binaries...)
		sortBinaries(out.All)
		if len(missing) == len(j.Components) {
			out.linked = built.Packages
		}
		return Done{Kept: len(missing) == 0}, err
	})
	return out, err
}

// missing returns the components of a job that are not kept.
func (b Binaries) missing(j fork.Job) []cross.Component {
	return slices.DeleteFunc(slices.Clone(j.Components), func(c cross.Component) bool {
		_, ok := b.kept[c.Name]
		return ok
	})
}

func sortBinaries(list []cross.Binary) {
	slices.SortFunc(list, func(a, b cross.Binary) int { return strings.Compare(a.Component, b.Component) })
}

// A plan is how one platform is compiled.
type plan struct {
	job     fork.Job
	input   cross.Input
	record  Record // without binaries
	builder cross.Builder
	dir     string // in dist, relative to the project
}

func (s *Session) plan(ctx context.Context, j fork.Job) (plan, error) {
	p := plan{job: j, dir: s.fork.Dist("bin", j.Platform.Dir())}
	var err error
	if p.input, p.record, err = s.Input(j.Platform); err != nil {
		return p, err
	}
	cc, err := s.compiler(ctx, j)
	p.builder = cross.Builder{Go: s.goFork, C: cc, Sums: filepath.Join(s.patchedSlot(), "sums"), Events: s.opts.Events}
	return p, err
}

// compiler finds the C compiler, if one of the job's components needs it.
func (s *Session) compiler(ctx context.Context, j fork.Job) (cross.Compiler, error) {
	i := slices.IndexFunc(j.Components, func(c cross.Component) bool { return c.CGO })
	if i < 0 {
		return cross.Compiler{}, nil
	}
	cc, err := s.compilerFor(ctx, j.Platform)
	if err != nil {
		return cc, fmt.Errorf("component %s needs cgo: %w", j.Components[i].Name, err)
	}
	return cc, nil
}

// current reports whether a component would be built to the binary now.
func (p plan) current(c cross.Component, b cross.Binary) bool {
	with := p.builder
	if !slices.ContainsFunc(p.job.Components, func(o cross.Component) bool { return o.Name == c.Name }) {
		with.C = b.MadeBy() // nobody asks for another
	}
	return with.Key(p.input, c) == b.Inputs
}

// upToDate returns the binaries in dist, by component, that are what a build would
// make now.
func (s *Session) upToDate(p plan) map[string]cross.Binary {
	out := map[string]cross.Binary{}
	data, err := os.ReadFile(s.dist.Abs(filepath.Join(p.dir, "build.json")))
	var old Record
	if err != nil || json.Unmarshal(data, &old) != nil {
		return out
	}
	for _, b := range old.Binaries {
		c, err := s.fork.Component(b.Component)
		if err != nil || filepath.Base(b.File) != b.File || !p.current(c, b) {
			continue
		}
		path := filepath.Join(p.dir, b.File)
		if info, err := os.Stat(s.dist.Abs(path)); err != nil || info.Mode()&0o111 == 0 {
			continue
		}
		if s.dist.Intact(path, b.Size, b.SHA256) {
			out[b.Component] = b
		}
	}
	return out
}

// tellKept says of the stages before the compiler that nothing asked for them.
func (s *Session) tellKept() {
	from := s.fork.Upstream.String()
	if len(s.lock.Modules) > 0 {
		from = text.Count(len(s.lock.Modules), "module")
	}
	kept := func() (Done, error) { return Done{Kept: true}, nil }
	_ = s.Stage("source", "", from, kept)
	_ = s.Stage("patches", "", Applied(len(s.lock.Patches)), kept)
}

// place compiles the missing components, and puts the folder with them, those
// that are kept, and the record of all in its place in one step.
func (s *Session) place(
	ctx context.Context, p plan, kept map[string]cross.Binary, missing []cross.Component,
) (built cross.Built, err error) {
	record := p.record
	for _, b := range kept {
		record.Binaries = append(record.Binaries, b)
	}
	if len(missing) == 0 {
		data, err := encode(&record)
		if err != nil || s.dist.Holds(filepath.Join(p.dir, "build.json"), data) {
			return built, err
		}
	}
	err = s.dist.Replace(p.dir, func(dst string) error {
		var err error
		if built, err = s.build(ctx, p, missing, dst); err != nil {
			return err
		}
		for _, b := range kept {
			from := filepath.Join(s.dist.Abs(p.dir), b.File)
			if err := filetree.LinkOrCopy(from, filepath.Join(dst, b.File), filetree.Executable); err != nil {
				return err
			}
		}
		record.Binaries = append(record.Binaries, built.Binaries...)
		data, err := encode(&record)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dst, "build.json"), data, 0o644)
	})
	return built, err
}

// encode returns the bytes of a record, and sorts its binaries.
func encode(r *Record) ([]byte, error) {
	sortBinaries(r.Binaries)
	data, err := json.MarshalIndent(r, "", "  ")
	return append(data, '\n'), err
}
