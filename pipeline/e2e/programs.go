package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/e2e"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/run"
)

// suiteStage puts the programs that run the tests into one folder.
var suiteStage = build.Stage[programs, string]{
	Name: "tests", Revision: 1, Keep: 2, Run: linkPrograms, Read: func(dir string) (string, error) { return dir, nil },
}

// programs are files, by the name that they get.
type programs map[string]program

type program struct {
	SHA256 string
	path   string
}

func linkPrograms(_ context.Context, _ *build.Session, in programs, dst string) error {
	for name, p := range in {
		if err := filetree.LinkOrCopy(p.path, filepath.Join(dst, name), filetree.Executable); err != nil {
			return err
		}
	}
	return nil
}

// programs compiles the programs that run the tests here, and returns the folder with them.
func (p plan) programs(ctx context.Context, s *build.Session) (string, error) {
	called, err := s.Binaries(ctx, fork.Job{Platform: s.Host(), Components: p.called})
	if err != nil {
		return "", err
	}
	runners, err := s.Programs(ctx, fork.Job{Platform: s.Host(), Components: p.runners})
	if err != nil {
		return "", err
	}
	in := programs{}
	for _, one := range p.runners {
		in[runners.Get(one.Name).File] = program{runners.Get(one.Name).SHA256, runners.Path(one.Name)}
	}
	for _, call := range p.suite.Calls {
		component := p.input.Component(call)
		in[s.Host().Exe(p.input.CalledAs(call))] = program{called.Get(component).SHA256, called.Path(component)}
	}
	dir, _, err := build.Do(ctx, s, suiteStage, in)
	return dir, err
}

// listStage asks the tests for the images that they run.
var listStage = build.Stage[question, string]{
	Name: "test-images", Revision: 1, Keep: 8, Run: ask, Read: build.ReadJSON[string]("list.json"),
}

// A question is a command of the tests that is asked something.
type question struct {
	SHA256 string // of the program
	Args   []string
	path   string
}

func ask(ctx context.Context, s *build.Session, in question, dst string) error {
	out, err := s.Runner().Output(ctx, run.Cmd{
		Args: append([]string{in.path}, in.Args...), Dir: dst, Env: run.Env{"HOME=" + dst, "PATH=/usr/bin:/bin"},
	})
	if err != nil {
		return err
	}
	return build.WriteJSON(dst, "list.json", string(out))
}

// list returns the images that the tests run.
func (p plan) list(ctx context.Context, s *build.Session, dir string) ([]e2e.Named, error) {
	program := filepath.Join(dir, s.Host().Exe(p.suite.List[0]))
	_, sum, err := s.Dist().Memory.Sum(program)
	if err != nil {
		return nil, err
	}
	list, _, err := build.Do(ctx, s, listStage, question{SHA256: sum.String(), Args: p.suite.List[1:], path: program})
	if err != nil {
		return nil, fmt.Errorf("asking %s for the images of the tests: %w", p.suite.List[0], err)
	}
	return p.suite.Names(list)
}

// copiesStage takes files from the patched tree, so that the tree need not be there once it has.
var copiesStage = build.Stage[copies, map[string][]byte]{
	Name: "test-files", Revision: 1, Keep: 4, Run: takeCopies, Read: build.ReadJSON[map[string][]byte]("files.json"),
}

type copies struct {
	Tree  string // its digest
	Names []string
}

func takeCopies(ctx context.Context, s *build.Session, in copies, dst string) error {
	tree, err := s.Patched(ctx)
	if err != nil {
		return err
	}
	out := map[string][]byte{}
	for _, name := range in.Names {
		if _, ok := tree.Tree.Lookup(name); !ok {
			return fmt.Errorf("%s, which an image of the tests has, is not in the patched tree: %w", name, os.ErrNotExist)
		}
		if out[name], err = tree.ReadFile(name); err != nil {
			return err
		}
	}
	return build.WriteJSON(dst, "files.json", out)
}
