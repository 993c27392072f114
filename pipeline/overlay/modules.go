package overlay

import (
	"context"
	"encoding/json"
	"path/filepath"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/inventory"
)

// modules are the modules of others that are linked into the fork's programs.
type modules struct {
	dir      string   // a module cache that has just these; "" for a fork in a GOPATH
	inputs   string   // covers all that decides what is in there
	licenses []string // of what is linked, as Gentoo names them
}

// modulesStage gathers modules. A project keeps enough for the forks of a few
// upstreams.
var modulesStage = build.Stage[modulesInput, gathered]{
	Name: "deps", Dir: "gathered", Revision: ebuilds.Revision, Keep: 4, Run: fillModules, Read: readGathered,
}

// modulesInput says what needs the modules.
type modulesInput struct {
	components []cross.Component
	targets    []target          // sorted by keyword
	levels     map[string]string // see cross.Build
	input      cross.Input
	tree       filetree.Dir // the patched one
}

// MarshalJSON returns what decides the output.
func (in modulesInput) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{in.input.Tree, in.components, in.input.Tags, arches(in.targets), in.levels})
}

// gathered is a module cache, and the licenses of its modules, as SPDX names them.
type gathered struct {
	dir      string
	licenses map[string][]string // by module
}

const licensesFile = "licenses.json"

func readGathered(dir string) (gathered, error) {
	found, err := build.ReadJSON[map[string][]string](licensesFile)(dir)
	return gathered{filepath.Join(dir, "go-mod"), found}, err
}

// gatherModules returns the modules that components of the patched tree need.
func gatherModules(
	ctx context.Context, s *build.Session, p plan, patched filetree.Dir, components []cross.Component,
) (modules, error) {
	in := modulesInput{
		components: components, targets: byKeyword(p.targets), levels: s.Fork().Build.Levels(), tree: patched,
	}
	var err error
	if in.input, _, err = s.Input(s.Host()); err != nil || in.input.GOPATH != "" {
		return modules{}, err
	}
	out, _, err := build.Do(ctx, s, modulesStage, in)
	if err != nil {
		return modules{}, err
	}
	found, err := inventory.Complete(out.licenses, s.Fork().Release.Licenses, out.dir)
	if err != nil {
		return modules{}, err
	}
	linked, err := ebuilds.Licenses(found, p.fork.License)
	return modules{out.dir, string(build.Key(modulesStage, in)), linked}, err
}

// fillModules fills a module cache in dst, and writes the modules' licenses beside
// it.
func fillModules(ctx context.Context, s *build.Session, in modulesInput, dst string) error {
	return s.Stage("modules", "", "", func() (build.Done, error) {
		builder := cross.Builder{Go: s.Go(), Events: event.Sink(s.Emit)}
		var packages []cross.Package
		for _, t := range in.targets {
			of := in.input
			of.Platform, of.Level = t.platform, in.levels[t.platform.Arch]
			some, err := builder.Gather(ctx, of, in.tree, in.components, filepath.Join(dst, "go-mod"))
			if err != nil {
				return build.Done{}, err
			}
			packages = append(packages, some...)
		}
		found, err := inventory.Detect(packages)
		if err != nil {
			return build.Done{}, err
		}
		return build.Done{Detail: text.Count(len(found), "module")}, build.WriteJSON(dst, licensesFile, found)
	})
}
