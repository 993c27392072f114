package build

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/internal/gotool"
)

const bin = "dist/ship-1.4/bin/linux_amd64"

// build writes binaries and their record as an earlier run would have. The plan is
// for the first of them only.
func (y *yard) built(s *Session, names ...string) plan {
	y.Helper()
	p, err := s.plan(y.Context(), y.job(names[0]))
	must(y.T, err)
	p.builder.C.Version = "cc 14"
	record := p.record
	for _, name := range names {
		c := y.component(name)
		b := cross.Binary{Component: name, File: name, Inputs: p.builder.Key(p.input, c)}
		if c.CGO {
			b.Compiler = p.builder.C.Version
		}
		path := s.dist.Abs(filepath.Join(bin, name))
		put(y.T, path, "program "+name)
		must(y.T, os.Chmod(path, 0o755))
		b.Size, b.SHA256, err = cross.Sum(path)
		must(y.T, err)
		record.Binaries = append(record.Binaries, b)
	}
	data, err := encode(&record)
	must(y.T, err)
	put(y.T, s.dist.Abs(filepath.Join(bin, "build.json")), string(data))
	return p
}

// rewrite changes the record in dist.
func (y *yard) rewrite(change func(*Record)) {
	y.Helper()
	name := y.fork.Project.Path(filepath.Join(bin, "build.json"))
	var r Record
	must(y.T, json.Unmarshal([]byte(read(y.T, name)), &r))
	change(&r)
	data, err := encode(&r)
	must(y.T, err)
	put(y.T, name, string(data))
}

// TestUpToDate damages what an earlier run built, or asks for something else. The
// record has anchor, which needs cgo, then bosun, then captain, for which the plan
// is.
func TestUpToDate(t *testing.T) {
	file := func(y *yard, name string) string { return y.fork.Project.Path(filepath.Join(bin, name)) }
	for _, c := range []struct {
		about, want string
		damage      func(y *yard, p *plan)
	}{
		{"nothing", "anchor bosun captain", func(*yard, *plan) {}},
		{"no record", "", func(y *yard, _ *plan) { must(y.T, os.Remove(file(y, "build.json"))) }},
		{"a record that is no JSON", "", func(y *yard, _ *plan) { put(y.T, file(y, "build.json"), "{") }},
		{"a record of none", "", func(y *yard, _ *plan) { y.rewrite(func(r *Record) { r.Binaries = nil }) }},
		{"an unknown component", "bosun captain", func(y *yard, _ *plan) {
			y.rewrite(func(r *Record) { r.Binaries[0].Component = "raft" })
		}},
		{"a file elsewhere", "bosun captain", func(y *yard, _ *plan) {
			y.rewrite(func(r *Record) { r.Binaries[0].File = "../linux_amd64/anchor" })
		}},
		{"other inputs", "bosun captain", func(y *yard, _ *plan) {
			y.rewrite(func(r *Record) { r.Binaries[0].Inputs = "00" })
		}},
		{"a missing file", "anchor captain", func(y *yard, _ *plan) { must(y.T, os.Remove(file(y, "bosun"))) }},
		{"a file that is not executable", "anchor captain", func(y *yard, _ *plan) {
			must(y.T, os.Chmod(file(y, "bosun"), 0o644))
		}},
		{"a file with another content", "anchor captain", func(y *yard, _ *plan) {
			put(y.T, file(y, "bosun"), "Program bosun")
		}},
		{"a file that is longer", "anchor captain", func(y *yard, _ *plan) {
			put(y.T, file(y, "bosun"), "program bosun ")
		}},
		{"another size in the record", "anchor captain", func(y *yard, _ *plan) {
			y.rewrite(func(r *Record) { r.Binaries[1].Size++ })
		}},

		{"another tree", "", func(_ *yard, p *plan) { p.input.Tree = "sha256:00" }},
		{"another lock", "", func(_ *yard, p *plan) { p.input.Lock = "00" }},
		{"another platform", "", func(_ *yard, p *plan) { p.input.Platform.Arch = "arm64" }},
		{"other tags", "", func(_ *yard, p *plan) { p.input.Tags = []string{"oars"} }},
		{"another stamp", "", func(_ *yard, p *plan) { p.input.Stamps = map[string]string{"example.org/x.y": "z"} }},
		{"symbols", "", func(_ *yard, p *plan) { p.input.Symbols = true }},
		{"another toolchain", "", func(_ *yard, p *plan) {
			p.builder.Go = &gotool.Go{Settings: gotool.Settings{GOVERSION: "go1.98.2"}}
		}},
		{"another C compiler, for nobody", "anchor bosun captain", func(_ *yard, p *plan) {
			p.builder.C.Version = "cc 15"
		}},
		{"another C compiler, for anchor", "bosun captain", func(y *yard, p *plan) {
			p.builder.C.Version = "cc 15"
			p.job.Components = append(p.job.Components, y.component("anchor"))
		}},
		{"the same C compiler, for anchor", "anchor bosun captain", func(y *yard, p *plan) {
			p.job.Components = append(p.job.Components, y.component("anchor"))
		}},
	} {
		t.Run(c.about, func(t *testing.T) {
			y := newYard(t)
			s := y.open()
			p := y.built(s, "captain", "bosun", "anchor")
			c.damage(y, &p)
			var got []string
			for name, b := range s.upToDate(p) {
				if got = append(got, name); b.Component != name {
					t.Errorf("%s is kept as %s", b.Component, name)
				}
			}
			if slices.Sort(got); strings.Join(got, " ") != c.want {
				t.Errorf("up to date are %q, want %q", got, c.want)
			}
		})
	}
}

func TestBinariesValue(t *testing.T) {
	b := Binaries{Platform: amd64, Dir: "/dist/bin", All: []cross.Binary{
		{Component: "bosun", File: "bosun", Size: 1}, {Component: "captain", File: "captain.exe", Size: 2},
	}}
	if got := b.Get("captain"); got.Size != 2 {
		t.Errorf("got %+v", got)
	}
	if got := b.Get("mate"); got.File != "" {
		t.Errorf("of one that is not built, got %+v", got)
	}
	if got := b.Path("captain"); got != "/dist/bin/captain.exe" {
		t.Errorf("got %s", got)
	}
	got := b.Only([]cross.Component{{Name: "captain"}, {Name: "mate"}})
	if len(got.All) != 1 || got.All[0].Size != 2 || got.Dir != b.Dir || len(b.All) != 2 {
		t.Errorf("got %+v of %+v", got, b)
	}
}

// TestCompiler holds when a C compiler is looked for.
func TestCompiler(t *testing.T) {
	y := newYard(t)
	dir := t.TempDir()
	y.opts.Env = append(y.opts.Env, "PATH="+dir)
	host := &gotool.Go{Settings: gotool.Settings{GOHOSTOS: "linux", GOHOSTARCH: "amd64"}}
	s := &Session{fork: y.fork, opts: y.opts, goHost: host}
	if cc, err := s.compiler(t.Context(), y.job("captain")); err != nil || cc.Path != "" {
		t.Errorf("without cgo, got %+v, %v", cc, err)
	}
	_, err := s.compiler(t.Context(), y.job("captain", "anchor"))
	says(t, err, "component anchor needs cgo: no C compiler for linux/amd64")
	put(t, filepath.Join(dir, "cc"), "#!/bin/sh\necho cc 14\necho more\n")
	must(t, os.Chmod(filepath.Join(dir, "cc"), 0o755))
	cc, err := s.compiler(t.Context(), y.job("captain", "anchor"))
	if err != nil || cc.Path != filepath.Join(dir, "cc") || cc.Version != "cc 14" {
		t.Errorf("got %+v, %v", cc, err)
	}
}
