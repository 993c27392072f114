package slipway

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/source"
	"github.com/slipway-build/slipway/version"
)

// A CrossRequest says what to compile.
type CrossRequest struct {
	Fork       string   // empty: the project's only one
	Components []string // empty: what fork.yaml names
	// Platforms are as linux/arm64, or the one word "all" for what fork.yaml
	// lists. Empty: this machine's, or Linux on this machine's architecture
	// where a component does not build for its operating system.
	Platforms []string
}

// A Record is build.json: what lies beside it, and what that was made from.
type Record struct {
	Fork      string         `json:"fork"`
	Name      string         `json:"name"`
	Version   string         `json:"version"`
	Platform  string         `json:"platform"`
	Upstream  Pin            `json:"upstream"`
	Patches   []Pin          `json:"patches"`
	Tree      string         `json:"tree"`      // digest of the patched tree
	Commit    string         `json:"commit"`    // 40 hex digits
	CommitOf  string         `json:"commit_of"` // "upstream", or "tree": digits of its digest
	Date      string         `json:"date"`      // RFC 3339, UTC
	Toolchain string         `json:"toolchain"` // go1.26.8
	Flags     []string       `json:"flags"`
	Binaries  []cross.Binary `json:"binaries"` // sorted by component
}

// A Pin is something by its name and digest.
type Pin struct {
	Name   string `json:"name"`
	Digest string `json:"digest"` // sha256:…, or a module's h1:…
}

// Cross compiles what the request names that is not in its place already, and
// returns the record of each platform.
func (p *Project) Cross(ctx context.Context, r CrossRequest) ([]Record, error) {
	w, l, leave, err := p.enterLocked(ctx, r.Fork)
	if err != nil {
		return nil, err
	}
	defer leave()
	jobs, err := w.fork.jobs(r, w.host())
	if err != nil {
		return nil, err
	}
	if w.goCmd, err = w.goCmd.At(ctx, w.fork.Build.Toolchain, l.Go, p.Dir); err != nil {
		return nil, err
	}
	w.announce()
	var records []Record
	for i, j := range jobs {
		record, kept, err := w.cross(ctx, l, j, i == 0)
		if err != nil {
			return nil, p.advise(err)
		}
		w.artifacts(j, record, kept)
		records = append(records, record)
	}
	return records, nil
}

// cross sees to it that a job's binaries lie in dist, and returns which were
// there already. The first job of a run also says that no tree was needed, if
// none was.
func (w *workshop) cross(ctx context.Context, l lock.Lock, j job, first bool) (record Record, kept map[string]cross.Binary, err error) {
	in, record, err := w.input(l, j.platform)
	if err != nil {
		return Record{}, nil, err
	}
	cc, err := w.compiler(ctx, j)
	if err != nil {
		return Record{}, nil, err
	}
	builder := cross.Builder{Go: w.goCmd, C: cc, Sums: filepath.Join(w.patchedSlot(), "sums"), Events: w.Events}
	dir := filepath.Join(w.Dir, w.fork.dist("bin", j.platform.Dir()))
	kept = w.standing(dir, func(c cross.Component, old cross.Binary) bool {
		with := builder
		if !slices.ContainsFunc(j.components, func(o cross.Component) bool { return o.Name == c.Name }) {
			with.C.Version = old.Compiler // nobody asks for another
		}
		return with.Key(in, c) == old.Inputs
	})
	missing := slices.DeleteFunc(slices.Clone(j.components), func(c cross.Component) bool { _, ok := kept[c.Name]; return ok })
	record.Binaries = slices.Collect(maps.Values(kept))
	if len(missing) == 0 && first {
		w.allKept(l)
	}
	w.Events.Emit(event.Event{Kind: event.Started, Stage: "cross", Subject: j.platform.String(), Detail: names(j.components)})
	scratch, err := w.cache.Scratch()
	if err != nil {
		return Record{}, nil, err
	}
	defer os.RemoveAll(scratch)
	if len(missing) > 0 {
		built, err := w.build(ctx, builder, l, in, missing, dir, filepath.Join(scratch, "bin"))
		if err != nil {
			return Record{}, nil, err
		}
		record.Binaries = append(record.Binaries, built...)
	}
	slices.SortFunc(record.Binaries, func(a, b cross.Binary) int { return strings.Compare(a.Component, b.Component) })
	if err := publish(record, len(missing) > 0, dir, scratch); err != nil {
		return Record{}, nil, err
	}
	w.Events.Emit(event.Event{Kind: event.Finished, Stage: "cross", Subject: j.platform.String(), Detail: names(j.components), Kept: len(missing) == 0})
	return record, kept, nil
}

// input returns what the compiler is told for a platform, and the record that
// goes with it.
func (w *workshop) input(l lock.Lock, p platform.Platform) (cross.Input, Record, error) {
	f := w.fork
	record := Record{
		Fork: f.ID, Name: f.Name, Version: f.Version, Platform: p.String(),
		Upstream: upstreamPin(f, l), Tree: l.Tree,
		Commit: f.Upstream.Commit, CommitOf: "upstream", Toolchain: w.goCmd.GOVERSION,
	}
	for _, patch := range l.Patches {
		record.Patches = append(record.Patches, Pin{patch.Name, "sha256:" + patch.SHA256})
	}
	if record.Commit == "" {
		record.Commit, record.CommitOf = strings.TrimPrefix(l.Tree, "sha256:")[:40], "tree"
	}
	date, err := w.date(l.Time)
	if err != nil {
		return cross.Input{}, Record{}, err
	}
	record.Date = date.Format("2006-01-02T15:04:05Z")
	lockSum := sha256.Sum256(l.Encode())
	in := cross.Input{
		Tree: l.Tree, Lock: hex.EncodeToString(lockSum[:]), Platform: p,
		Tags: f.Settings.Tags, Symbols: f.Build.Symbols, Stamps: map[string]string{},
	}
	fields := cross.StampFields{Fields: f.Parsed.Fields(), Commit: record.Commit, Date: record.Date}
	if f.Settings.Mode == cross.GOPATH {
		in.GOPATH = f.Settings.ImportPath
	}
	for name, text := range f.Settings.Stamps.Values {
		value, err := version.Expand(text, fields)
		if err != nil {
			return cross.Input{}, Record{}, fmt.Errorf("stamp %s of profile %s: %w", name, f.Profile, err)
		}
		for _, pkg := range f.Settings.Stamps.Packages {
			in.Stamps[pkg+"."+name] = value
		}
	}
	record.Flags = in.Flags()
	return in, record, nil
}

// upstreamPin returns what the upstream is, and the digest of what was fetched.
func upstreamPin(f *Fork, l lock.Lock) Pin {
	if len(l.Modules) > 0 {
		return Pin{l.Upstream, l.Modules[0].Sum}
	}
	return Pin{l.Upstream, l.Source}
}

// compiler finds the C compiler, if one of the job's components needs it.
func (w *workshop) compiler(ctx context.Context, j job) (cross.Compiler, error) {
	i := slices.IndexFunc(j.components, func(c cross.Component) bool { return c.CGO })
	if i < 0 {
		return cross.Compiler{}, nil
	}
	host := platform.Platform{OS: w.goCmd.GOHOSTOS, Arch: w.goCmd.GOHOSTARCH}
	cc, err := cross.FindCompiler(ctx, w.goCmd.Run, w.Env, host, j.platform)
	if err != nil {
		return cc, fmt.Errorf("component %s needs cgo: %w", j.components[i].Name, err)
	}
	return cc, nil
}

// standing returns the binaries in dir, by component, that are what a build
// would make now, as current tells.
func (w *workshop) standing(dir string, current func(cross.Component, cross.Binary) bool) map[string]cross.Binary {
	kept := map[string]cross.Binary{}
	data, err := os.ReadFile(filepath.Join(dir, "build.json"))
	var old Record
	if err != nil || json.Unmarshal(data, &old) != nil {
		return kept
	}
	for _, b := range old.Binaries {
		c, err := w.fork.Component(b.Component)
		if err != nil || filepath.Base(b.File) != b.File || !current(c, b) {
			continue
		}
		if info, err := os.Stat(filepath.Join(dir, b.File)); err != nil || info.Mode()&0o111 == 0 {
			continue
		}
		if size, sum, err := w.outputs.Sum(filepath.Join(dir, b.File)); err == nil && size == b.Size && sum.String() == b.SHA256 {
			kept[b.Component] = b
		}
	}
	return kept
}

// allKept says of the stages before the compiler that nothing asked for them.
func (w *workshop) allKept(l lock.Lock) {
	detail := w.fork.Upstream.String()
	if len(l.Modules) > 0 {
		detail = text.Count(len(l.Modules), "module")
	}
	w.Events.Emit(event.Event{Kind: event.Finished, Stage: "source", Detail: detail, Kept: true})
	w.Events.Emit(event.Event{Kind: event.Finished, Stage: "patches", Detail: applied(len(l.Patches)), Kept: true})
}

// build compiles components into dst. Where that fails and the tree turns out
// to have been changed by somebody else, the tree is laid anew, once.
func (w *workshop) build(ctx context.Context, b cross.Builder, l lock.Lock, in cross.Input, components []cross.Component, before, dst string) ([]cross.Binary, error) {
	for again := false; ; again = true {
		tree, err := w.patched(ctx, l)
		if err != nil {
			return nil, err
		}
		binaries, err := w.compile(ctx, b, l, in, tree, components, before, dst)
		if err == nil || again || ctx.Err() != nil {
			return binaries, err
		}
		changed := tree.Verify(ctx, nil)
		if changed == nil {
			return nil, err
		}
		w.noteAgain(changed)
		if err := errors.Join(w.forget(), os.RemoveAll(dst)); err != nil {
			return nil, err
		}
	}
}

// compile compiles components from the tree as it lies there.
func (w *workshop) compile(ctx context.Context, b cross.Builder, l lock.Lock, in cross.Input, tree filetree.Dir, components []cross.Component, before, dst string) ([]cross.Binary, error) {
	if err := w.checkGo(l, tree); err != nil {
		return nil, err
	}
	if err := in.Check(tree, w.dirOf(l, tree), components); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dst, 0o755); err != nil {
		return nil, err
	}
	return b.Build(ctx, cross.Request{Input: in, Dir: tree, Components: components, Before: before, Dst: dst})
}

// checkGo compares what the tree says of Go with its pin.
func (w *workshop) checkGo(l lock.Lock, tree filetree.Dir) error {
	needs, err := source.GoVersion(tree, nil)
	if err == nil && needs != l.Go {
		return w.fork.stale(fmt.Sprintf("%s:%d: go is pinned as %s, but the tree says %s", w.fork.file("fork.lock"), l.Line("go", ""), l.Go, needs))
	}
	return err
}

// dirOf returns the function that finds the folder of a package in the tree.
func (w *workshop) dirOf(l lock.Lock, tree filetree.Dir) func(string) (string, bool) {
	places := map[string]string{} // by module
	for _, m := range l.Modules {
		places[m.Path] = m.Place
	}
	if w.fork.Settings.Mode == cross.GOPATH {
		places[w.fork.Settings.ImportPath] = "."
	} else if len(places) == 0 {
		places = source.ModulesIn(tree)
	}
	return func(importPath string) (string, bool) {
		best, dir := -1, ""
		for mod, place := range places {
			rest, ok := strings.CutPrefix(importPath+"/", mod+"/")
			if ok && len(mod) > best {
				best, dir = len(mod), tree.Resolve(path.Join(place, rest))
			}
		}
		return dir, best >= 0 && len(tree.Tree.Below(dir)) > 0
	}
}

// publish puts the folder with the record and its binaries in the place of dir:
// those in scratch/bin, if any were built, and for the rest what dir holds
// already.
func publish(record Record, built bool, dir, scratch string) error {
	data, err := json.MarshalIndent(record, "", "  ")
	if err != nil {
		return err
	}
	data = append(data, '\n')
	if old, err := os.ReadFile(filepath.Join(dir, "build.json")); err == nil && bytes.Equal(old, data) && !built {
		return nil
	}
	whole := filepath.Join(scratch, "bin")
	if err := errors.Join(os.MkdirAll(whole, 0o755), os.MkdirAll(filepath.Dir(dir), 0o755)); err != nil {
		return err
	}
	for _, b := range record.Binaries {
		to := filepath.Join(whole, b.File)
		if _, err := os.Stat(to); err == nil {
			continue
		}
		if err := filetree.LinkOrCopy(filepath.Join(dir, b.File), to, filetree.Executable); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(whole, "build.json"), data, 0o644); err != nil {
		return err
	}
	return swap(whole, dir, filepath.Join(scratch, "old"))
}

// artifacts reports the binaries of a job.
func (w *workshop) artifacts(j job, record Record, kept map[string]cross.Binary) {
	for _, c := range j.components {
		i := slices.IndexFunc(record.Binaries, func(b cross.Binary) bool { return b.Component == c.Name })
		b := record.Binaries[i]
		_, was := kept[c.Name]
		w.Events.Emit(event.Event{Kind: event.Artifact, Component: c.Name, Platform: j.platform.String(), Kept: was,
			Path: w.fork.dist("bin", j.platform.Dir(), b.File), Size: b.Size, SHA256: b.SHA256})
	}
}

func names(components []cross.Component) string {
	list := make([]string, len(components))
	for i, c := range components {
		list[i] = c.Name
	}
	return strings.Join(list, " ")
}
