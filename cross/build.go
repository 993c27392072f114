package cross

import (
	"cmp"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/action"
	"github.com/slipway-build/slipway/internal/gotool"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/platform"
)

// revision counts the changes of this package that change what it builds from the input.
func (in Input) revision() int {
	if in.GOPATH != "" {
		return 2 // the first compiled with the installed release of Go, whatever was chosen
	}
	return 1
}

// Input is what decides the binaries of one platform.
type Input struct {
	Tree     string // digest of the patched tree
	Lock     string // hex SHA-256 of all pins: another lock is another build, so that each pin is checked
	Platform platform.Platform
	GOPATH   string `json:",omitempty"` // import path of the tree's root, which is then in a GOPATH; "" for modules
	Tags     []string
	Stamps   map[string]string // what the linker sets: import path and variable to value
	Symbols  bool
	Level    string `json:",omitempty"` // of platform.Baseline, as v3; "" for its default
}

// Flags returns the arguments of go build that decide a binary. Debug information
// that the linker would strip is not made: it costs the compiler much of its time.
func (in Input) Flags() []string {
	flags := []string{"-trimpath", "-buildvcs=false"}
	ld := []string{"-buildid="}
	if !in.Symbols {
		flags = append(flags, "-gcflags=all=-dwarf=false")
		ld = append(ld, "-s", "-w")
	}
	for _, name := range slices.Sorted(maps.Keys(in.Stamps)) {
		ld = append(ld, "-X", quoted(name+"="+in.Stamps[name]))
	}
	flags = append(flags, "-ldflags="+strings.Join(ld, " "))
	if len(in.Tags) > 0 {
		flags = append(flags, "-tags="+strings.Join(in.Tags, ","))
	}
	return flags
}

// quoted writes a linker flag's field as the go command splits them.
func quoted(field string) string {
	switch {
	case !strings.ContainsAny(field, " \t\n\r'\""):
		return field
	case strings.Contains(field, "'"):
		return `"` + field + `"`
	}
	return "'" + field + "'"
}

// A Binary is one component, compiled.
type Binary struct {
	Component string     `json:"component"`
	File      string     `json:"file"` // its name
	Size      int64      `json:"size"` // bytes
	SHA256    string     `json:"sha256"`
	Compiler  string     `json:"c_compiler,omitempty"`    // of one with cgo: what the compiler says it is
	CEnv      []string   `json:"c_environment,omitempty"` // of one with cgo: its variables, KEY=VALUE
	Sysroot   string     `json:"sysroot,omitempty"`       // digest of the sysroot that it was compiled with
	Inputs    action.Key `json:"inputs"`                  // names all that decided its bytes
}

// MadeBy returns the C compiler that a binary was made by, as far as keys know it.
func (b Binary) MadeBy() Compiler {
	return Compiler{Version: b.Compiler, Sysroot: Sysroot{Digest: b.Sysroot}, recorded: b.CEnv}
}

// Built is what a run of Build makes.
type Built struct {
	Binaries []Binary
	Packages []string // import paths of all that is linked, sorted; nil if they are not known
}

// A Builder compiles with one Go toolchain and, for components with cgo, one C
// compiler.
type Builder struct {
	Go     *gotool.Go
	C      Compiler // may be zero where no component has cgo
	Sums   string   // file that remembers the sums of what was checked, see filetree.Memory
	Events event.Sink
}

// Key returns the key of all that decides the component's binary. The C compiler
// counts only where the component has cgo.
func (b Builder) Key(in Input, c Component) action.Key {
	var version, sysroot string
	var env []string
	if c.CGO {
		version, sysroot, env = b.C.Version, b.C.Sysroot.Digest, b.C.environment()
	}
	return action.NewKey("cross", in.revision(), struct {
		Input
		Component Component
		Flags     []string
		Env       []string
		Go        string
		Compiler  string
		CEnv      []string `json:",omitempty"`
		Sysroot   string   `json:",omitempty"`
	}{in, c, in.Flags(), in.Environment(), b.Go.GOVERSION, version, env, sysroot})
}

// A Request is what one run of Build compiles for a platform.
type Request struct {
	Input
	Dir        filetree.Dir // with the patched tree, whose digest is Input.Tree
	Components []Component
	Before     string // folder with what an earlier run built, if any
	Dst        string // empty folder for the binaries
}

// Build compiles components from the tree. While the compiler works, the tree is
// checked against its digest, and the modules that were linked into the earlier
// binaries against their sums; what else is linked is checked after.
func (b Builder) Build(ctx context.Context, r Request) (Built, error) {
	scratch, err := os.MkdirTemp(filepath.Dir(r.Dst), "")
	if err != nil {
		return Built{}, err
	}
	defer os.RemoveAll(scratch)
	made, err := os.Stat(scratch)
	if err != nil {
		return Built{}, err
	}
	out := Built{Binaries: make([]Binary, len(r.Components))}
	modules := &linked{goCmd: b.Go, right: map[linkedModule]bool{}}
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error {
		modules.known = filetree.ReadMemory(b.Sums, made.ModTime())
		return r.verify(groupCtx, modules)
	})
	group.Go(func() error {
		var err error
		out.Packages, err = b.compileAll(groupCtx, r, scratch)
		return err
	})
	if err := errors.Join(group.Wait(), b.C.Sysroot.verify(ctx)); err != nil {
		return Built{}, err
	}
	for i, c := range r.Components {
		info, err := buildinfo.ReadFile(filepath.Join(scratch, c.Name))
		if err != nil {
			return Built{}, fmt.Errorf("reading what is linked into %s: %w", c.Name, err)
		}
		if err := errors.Join(checkRelease(c, info.GoVersion, b.Go.GOVERSION), r.CheckSettings(c, info),
			modules.checkAll(ctx, modulesIn(info))); err != nil {
			return Built{}, err
		}
		if out.Binaries[i], err = b.finish(r.Input, c, scratch, r.Dst); err != nil {
			return Built{}, err
		}
	}
	return out, modules.known.Write(b.Sums)
}

// compileAll compiles all components into dst, and returns the packages that are
// linked into them, as far as every run of the go command tells.
func (b Builder) compileAll(ctx context.Context, r Request, dst string) ([]string, error) {
	var all []string
	known := true
	runs, err := r.batches()
	if err != nil {
		return nil, err
	}
	for _, batch := range runs {
		packages, err := b.compile(ctx, r, batch, dst)
		if err != nil {
			return nil, err
		}
		all, known = append(all, packages...), known && packages != nil
	}
	if !known {
		return nil, nil
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// verify checks what is compiled while the compiler works: the tree, and the
// modules that it will probably link.
func (r Request) verify(ctx context.Context, modules *linked) error {
	if err := r.Dir.Verify(ctx, modules.known); err != nil {
		return err
	}
	for _, c := range r.Components {
		modules.expect(ctx, filepath.Join(r.Before, r.Platform.Exe(c.Name)))
	}
	return nil
}

// compile runs go build once and leaves the binaries in dst, each under its
// component's name. It returns the packages that are linked; nil if they are not
// known.
func (b Builder) compile(ctx context.Context, r Request, batch batch, dst string) ([]string, error) {
	out, err := os.MkdirTemp(dst, "")
	if err != nil {
		return nil, err
	}
	graph := filepath.Join(out, "actions.json")
	bin := filepath.Join(out, "bin") + "/"
	made := func(t Target) string { return bin + r.Platform.Exe(path.Base(t.Main)) }
	to := bin
	if len(batch.components) == 1 {
		to = bin + batch.components[0].Name
		made = func(Target) string { return to }
	}
	// -debug-actiongraph is how the go command tells the number of packages before it compiles them.
	jobs := runtime.GOMAXPROCS(0)
	args := slices.Concat([]string{"go"}, batch.verb(),
		[]string{fmt.Sprintf("-p=%d", jobs), "-debug-actiongraph=" + graph, "-o", to}, r.Flags(), batch.args())
	watch := &watcher{graph: graph, emit: func(done, total int) {
		b.Events.Emit(event.Event{Kind: event.Progress, Stage: "cross", Subject: r.Platform.String(),
			Done: done, Total: total, Unit: "packages"})
	}, download: func(n int) {
		b.Events.Emit(event.Event{Kind: event.Progress, Stage: "cross", Subject: r.Platform.String(),
			Done: n, Unit: "downloads"})
	}}
	what := fmt.Sprintf("compiling %s for %s", batch.names(), r.Platform)
	env := withHeap(b.env(r.Input, r.Dir, batch.components[0].CGO), jobs)
	dir := batch.dir(r.Dir)
	err = b.Go.Run.Run(ctx, run.Cmd{Args: args, Dir: dir, Env: env, Stderr: watch})
	if run.IsExit(err) {
		return nil, b.failed(ctx, what+" failed", watch.complaints(), dir, env)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	for i, c := range batch.components {
		if err := os.Rename(made(batch.targets[i]), filepath.Join(dst, c.Name)); err != nil {
			return nil, fmt.Errorf("go build made no program from %s for component %s: %w", c.Main, c.Name, err)
		}
	}
	return packagesOf(graph), nil
}

// failed returns the error of a build with the compiler's complaints, and what
// may be behind them: a disk that is full, a module that could not be
// downloaded, one that was changed in the cache, a go.sum of an earlier Go.
func (b Builder) failed(ctx context.Context, what, complaints, dir string, env run.Env) error {
	err := fmt.Errorf("%s:\n%s", what, run.Redact(complaints))
	if strings.Contains(complaints, syscall.ENOSPC.Error()) {
		return fmt.Errorf("%w\n%w", err, syscall.ENOSPC)
	}
	if unreachable.MatchString(complaints) {
		return fmt.Errorf("%w\n  %s", err, b.Go.ProxyAdvice())
	}
	if strings.Contains(complaints, "go.mod file not found") {
		return fmt.Errorf("%w\n  A tree from before modules is built in a GOPATH: set build.mode in fork.yaml to gopath", err)
	}
	if incomplete.MatchString(complaints) {
		return fmt.Errorf("%w\n  To have the go command complete go.mod, go.sum and vendor, and change no version: "+
			"set deps in fork.yaml to a module that go.mod requires, at the version that it has there", err)
	}
	var changed *run.Error
	verify := b.Go.Run.Run(ctx, run.Cmd{Args: []string{"go", "mod", "verify"}, Dir: dir, Env: env})
	if errors.As(verify, &changed) && strings.Contains(changed.Output, "has been modified") {
		return fmt.Errorf("%w\n%s\n  To download it again: go clean -modcache", err, changed.Output)
	}
	return err
}

// unreachable matches what the go command says when it has no way to a module.
var unreachable = regexp.MustCompile(`dial tcp|i/o timeout|no such host|connection refused|disabled by GOPROXY`)

// incomplete matches what the go command says of a go.mod or go.sum without lines
// which an earlier Go did not write, or that vendor was not made from.
var incomplete = regexp.MustCompile(`missing go\.sum entry|updates to go\.mod needed|inconsistent vendoring`)

// finish moves a binary from the folder from to dst and describes it.
func (b Builder) finish(in Input, c Component, from, dst string) (Binary, error) {
	bin := Binary{Component: c.Name, File: in.Platform.Exe(c.Name), Inputs: b.Key(in, c)}
	if c.CGO {
		bin.Compiler, bin.CEnv, bin.Sysroot = b.C.Version, b.C.environment(), b.C.Sysroot.Digest
	}
	var err error
	if bin.Size, bin.SHA256, err = Sum(filepath.Join(from, c.Name)); err != nil {
		return Binary{}, err
	}
	return bin, os.Rename(filepath.Join(from, c.Name), filepath.Join(dst, bin.File))
}

// Sum returns the size in bytes and the hex SHA-256 of a file.
func Sum(path string) (int64, string, error) {
	size, sum, err := (*filetree.Memory)(nil).Sum(path)
	return size, sum.String(), err
}

// Check tells why the components cannot be built from the tree, if they
// cannot: a main that is not there, a stamp that nothing would take.
func (in Input) Check(tree filetree.Dir, dirOf func(importPath string) (string, bool), components []Component) error {
	var errs []error
	for _, c := range components {
		if err := checkMain(tree, c); err != nil {
			errs = append(errs, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(in.Stamps)) {
		if err := checkStamp(tree, dirOf, components, name); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// checkStamp returns an error unless the variable exists: the linker says nothing
// of one that does not. The linker calls the main package of each program main.
func checkStamp(tree filetree.Dir, dirOf func(string) (string, bool), components []Component, name string) error {
	dot := strings.LastIndex(name, ".")
	pkg, variable := name[:dot], name[dot+1:]
	if pkg == "main" {
		var errs []error
		for _, c := range components {
			errs = append(errs, declared(tree, c.Main, variable, name))
		}
		return errors.Join(errs...)
	}
	dir, ok := dirOf(pkg)
	if !ok {
		return fmt.Errorf("stamp %s: package %s is not in the patched tree", name, pkg)
	}
	return declared(tree, dir, variable, name)
}

// declared returns an error unless a file of a folder declares the variable of a stamp.
func declared(tree filetree.Dir, dir, variable, name string) error {
	for _, e := range goFiles(tree.Tree, dir) {
		data, err := tree.ReadFile(e.Path)
		if err != nil {
			return err
		}
		if declares(data, variable) {
			return nil
		}
	}
	return fmt.Errorf("stamp %s: no file of %s in the patched tree has a variable %s", name, cmp.Or(dir, "."), variable)
}
