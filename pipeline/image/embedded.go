package image

import (
	"context"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/internal/output"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/platform"
)

// embeddedStage compiles a program that Slipway itself adds to images. Its output
// has the program in bin.
var embeddedStage = build.Stage[embeddedInput, string]{
	Name: "own", Revision: 2, Keep: 8, Run: compileProgram,
	Read: func(dir string) (string, error) { return dir, nil },
}

type embeddedInput struct {
	name    string
	build   cross.Input
	sources map[string]string // by their paths
	args    []string
	vars    []string // KEY=VALUE pairs of the environment
	version string   // of Go
}

// MarshalJSON returns what decides the output.
func (in embeddedInput) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{in.sources, in.args, in.vars, in.version})
}

// compileEmbedded compiles the programs that Slipway itself adds to the images of
// a platform, and returns their paths, by name. The go command of this machine
// compiles them, for they need not be what the fork's toolchain can compile.
func compileEmbedded(
	ctx context.Context, s *build.Session, p plan, on platform.Platform,
) (map[string]string, error) {
	out := map[string]string{}
	for _, r := range p.needed {
		for name := range r.BuiltIn {
			sources, err := programSources(p.request.Programs)
			if err != nil {
				return nil, err
			}
			dir, _, err := build.Do(ctx, s, embeddedStage, newEmbedded(sources, name, on, s.HostGo().GOVERSION))
			if err != nil {
				return nil, fmt.Errorf("image %s: %w", r.Name, err)
			}
			out[name] = filepath.Join(dir, "bin", name)
		}
	}
	return out, nil
}

// programSources returns the sources of Slipway's programs, by their paths, as a
// module.
func programSources(from fs.FS) (map[string]string, error) {
	out := map[string]string{"go.mod": "module github.com/slipway-build/slipway\n\ngo 1.26\n"}
	err := fs.WalkDir(from, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasSuffix(name, "_test.go") {
			return err
		}
		data, err := fs.ReadFile(from, name)
		out[name] = string(data)
		return err
	})
	return out, err
}

func newEmbedded(sources map[string]string, name string, on platform.Platform, version string) embeddedInput {
	in := cross.Input{Platform: on}
	return embeddedInput{
		name: name, build: in, sources: sources,
		args:    slices.Concat([]string{"go", "build"}, in.Flags(), []string{"-o", "bin/" + name, "./cmd/" + name}),
		vars:    append(in.Environment(), "GOOS="+on.OS, "GOARCH="+on.Arch, "CGO_ENABLED=0"),
		version: version,
	}
}

func compileProgram(ctx context.Context, s *build.Session, in embeddedInput, dst string) error {
	files := map[string][]byte{}
	for name, text := range in.sources {
		files[name] = []byte(text)
	}
	if err := output.WriteFiles(dst, files); err != nil {
		return err
	}
	goHost := s.HostGo()
	if err := goHost.Run.Run(ctx, run.Cmd{Args: in.args, Dir: dst, Env: goHost.Clean().With(in.vars...)}); err != nil {
		return err
	}
	info, err := buildinfo.ReadFile(filepath.Join(dst, "bin", in.name))
	if err != nil {
		return err
	}
	return in.build.CheckSettings(cross.Component{Name: in.name}, info)
}
