// Package buildtest gives tests a session on the sample project, pinned, with a
// compiler that takes no time.
package buildtest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/testfork"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/series"
)

// ID is the sample project's one fork.
const ID = "ship-1.4"

// Silent is a fork.yaml with components that nothing asks for their help, as the
// programs that Compile writes cannot be run.
var Silent = map[string]string{"forks/" + ID + "/fork.yaml": `name: ship
version: 1.4.1+test.1
upstream:
  module: example.org/ship@v1.4.1
build:
  components: [captain, deckhand]
  platforms: [linux/amd64, linux/arm64]
packages:
  maintainer: Mate <mate@example.org>
ebuilds:
  distfiles: https://example.org/distfiles
`}

// A Project is the sample project in a temporary folder.
type Project struct {
	fork.Project
	Env run.Env // reaches the modules of the sample, and no network
}

// New writes the sample project, without fork.lock, and files of it by their path,
// in the place of those of the same path.
func New(t testing.TB, files map[string]string) Project {
	t.Helper()
	dir := t.TempDir()
	p := Project{Project: fork.Project{Dir: filepath.Join(dir, "project")}}
	proxy, home := filepath.Join(dir, "proxy"), filepath.Join(dir, "home")
	p.Env = run.Env(testfork.Env(proxy, home, filepath.Join(home, "build"))).With("PATH=" + testkit.Path())
	if err := errors.Join(testfork.WriteProxy(proxy), testfork.WriteProject(p.Dir)); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		p.Write(t, name, text)
	}
	return p
}

// Pinned is New, with fork.lock.
func Pinned(t testing.TB, files map[string]string) Project {
	t.Helper()
	p := New(t, files)
	p.Pin(t)
	return p
}

// Pin writes the fork's lock.
func (p Project) Pin(t testing.TB) {
	t.Helper()
	s, err := build.Open(t.Context(), p.ReadFork(t), lock.Lock{}, build.Options{Env: p.Env})
	if err != nil {
		t.Fatal(err)
	}
	_, err = series.Lock(t.Context(), s)
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
}

// Write writes a file of the project.
func (p Project) Write(t testing.TB, name, text string) {
	t.Helper()
	path := p.Path(name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// ReadFork reads the project's fork.
func (p Project) ReadFork(t testing.TB) fork.Fork {
	t.Helper()
	f, err := p.Fork(ID)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Open opens a session on the project's fork, which is pinned. The test closes it at
// its end.
func (p Project) Open(t testing.TB, events *Events) *build.Session {
	t.Helper()
	return p.open(t, build.Options{Events: events.Sink()})
}

// OpenDry opens a session that makes nothing. The test fails if it changed something in the
// project.
func (p Project) OpenDry(t testing.TB, events *Events) *build.Session {
	t.Helper()
	before := p.files(t)
	t.Cleanup(func() { // after the session is closed
		if after := p.files(t); after != before {
			t.Errorf("a dry run changed the project: it had\n%s\nand has\n%s", before, after)
		}
	})
	return p.open(t, build.Options{Events: events.Sink(), DryRun: true})
}

func (p Project) open(t testing.TB, o build.Options) *build.Session {
	t.Helper()
	f := p.ReadFork(t)
	l, err := f.ReadLock()
	if err != nil {
		t.Fatal(err)
	}
	o.Env, o.Compile = p.Env, Compile
	s, err := build.Open(t.Context(), f, l, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// files lists the project's files and folders, with what a change of one changes.
func (p Project) files(t testing.TB) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(p.Dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil {
			fmt.Fprintln(&b, strings.TrimPrefix(name, p.Dir), info.Mode(), info.Size(), info.ModTime().UnixNano())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Events are what was emitted.
type Events struct {
	mu  sync.Mutex
	all []event.Event
}

// Sink returns what notes events; none if e is nil.
func (e *Events) Sink() event.Sink {
	if e == nil {
		return nil
	}
	return func(one event.Event) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.all = append(e.all, one)
	}
}

// Of returns the events of a kind so far, in their order.
func (e *Events) Of(k event.Kind) []event.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(e.all), func(one event.Event) bool { return one.Kind != k })
}

// States returns a line for each stage that ended so far: the stage, its subject and its
// detail, and what became of it.
func (e *Events) States() string {
	var b strings.Builder
	for _, one := range e.Of(event.Finished) {
		what := strings.Join(strings.Fields(one.Stage+" "+one.Subject+" "+one.Detail), " ")
		fmt.Fprintf(&b, "%s: %s\n", what, cmp.Or(one.State(), "ran"))
	}
	return b.String()
}

// Forget forgets the events so far.
func (e *Events) Forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = nil
}

// CheckSet checks that a set is sorted, and that the events of its artifacts are
// those that were emitted.
func (e *Events) CheckSet(t testing.TB, set artifact.Set) {
	t.Helper()
	if !reflect.DeepEqual(artifact.Of(set), set) {
		t.Errorf("the set is not sorted: %v", set)
	}
	left := e.Of(event.Artifact)
	for _, a := range set {
		switch a.Kind {
		case artifact.Distfile, artifact.Patch, artifact.Lock:
			continue // see Artifact.Event
		}
		i := slices.Index(left, a.Event())
		if i < 0 {
			t.Errorf("no event tells of %s %s", a.Kind, a.Path)
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	for _, one := range left {
		t.Errorf("an event tells of %s, which is not in the set", one.Path)
	}
}

// Compile writes programs that have the header of one for their platform, and
// otherwise only their component's name. They cannot be run.
func Compile(_ context.Context, b cross.Builder, r cross.Request) (cross.Built, error) {
	var out cross.Built
	for _, c := range r.Components {
		data := append(header(r.Platform.Arch), c.Name...)
		if err := os.WriteFile(filepath.Join(r.Dst, c.Name), data, 0o755); err != nil {
			return out, err
		}
		out.Binaries = append(out.Binaries, cross.Binary{
			Component: c.Name, File: c.Name, Size: int64(len(data)), SHA256: fmt.Sprintf("%x", sha256.Sum256(data)),
			Inputs: b.Key(r.Input, c),
		})
	}
	return out, nil
}

// header returns the header of a program for Linux.
func header(arch string) []byte {
	machines := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}
	h := elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(machines[arch]), Version: uint32(elf.EV_CURRENT), Ehsize: 64,
		Ident: [elf.EI_NIDENT]byte{
			0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT),
		},
	}
	out, _ := binary.Append(nil, binary.LittleEndian, h)
	return out
}
