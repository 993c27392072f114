package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/packaging"
)

// documentsStage asks programs for their help and their completions.
var documentsStage = Stage[documentsInput, packaging.Doc]{
	Name: "documents", Revision: 2, Keep: 64, Run: askForDocuments, Read: readDocuments,
}

// documentsInput is a program that is asked.
type documentsInput struct {
	sum    string   // SHA-256 of the program
	name   string   // that it is called by
	shells []string // to complete for
	path   string   // of the program
}

// MarshalJSON returns what decides the output.
func (in documentsInput) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{in.sum, in.name, in.shells})
}

// patience is how long a program may take to print its help.
const patience = time.Minute

// documents has the programs of recipes tell of themselves, on this machine.
func (s *Session) documents(
	ctx context.Context, in packaging.Input, recipes []packaging.Recipe, host Binaries,
) (map[string]packaging.Doc, error) {
	out := map[string]packaging.Doc{}
	for _, r := range recipes {
		for program := range r.Programs {
			_, man := r.Man[program]
			shells := r.Completions[program]
			if !man && shells == nil {
				continue
			}
			component := in.Component(program)
			doc, _, err := Do(ctx, s, documentsStage, documentsInput{
				sum: host.Get(component).SHA256, name: in.CalledAs(program), shells: shells, path: host.Path(component),
			})
			if err != nil {
				return nil, fmt.Errorf("asking %s for its help: %w", program, err)
			}
			out[program] = doc
		}
	}
	return out, nil
}

// readDocuments reads the help, and the completions of each shell, a file each.
func readDocuments(dir string) (packaging.Doc, error) {
	doc := packaging.Doc{Completions: map[string][]byte{}}
	var err error
	if doc.Help, err = os.ReadFile(filepath.Join(dir, "help")); err != nil {
		return doc, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return doc, err
	}
	for _, e := range entries {
		if e.Name() == "help" {
			continue
		}
		if doc.Completions[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			return doc, err
		}
	}
	return doc, nil
}

// askForDocuments runs a program under the name that it is called by, and leaves
// in dst what it prints. Its home is made up, since what it prints may name it.
func askForDocuments(ctx context.Context, s *Session, in documentsInput, dst string) error {
	scratch, err := s.Scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	if err := os.Symlink(in.path, filepath.Join(scratch, in.name)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	asked := map[string][]string{"help": {"--help"}}
	for _, shell := range in.shells {
		asked[shell] = []string{"completion", shell}
	}
	for what, args := range asked {
		out, err := s.ask(ctx, filepath.Join(scratch, in.name), args, what == "help")
		if err != nil {
			return err
		}
		out = bytes.ReplaceAll(out, []byte(scratch+"/"), nil)
		if err := os.WriteFile(filepath.Join(dst, what), out, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// crash matches what Go's runtime prints of a program that it ends.
var crash = regexp.MustCompile(`(?m)^(panic|fatal error): (?s:.*)\n\ngoroutine \d+ `)

// ask returns what a program prints. Go's own flags print help as complaints, and
// end with 2, and so does a program that crashes. A processor that is too old for the
// program, or a signal, ends it otherwise.
func (s *Session) ask(ctx context.Context, program string, args []string, help bool) ([]byte, error) {
	var out, complaints bytes.Buffer
	err := s.Runner().Run(ctx, run.Cmd{
		Args: append([]string{program}, args...), Dir: filepath.Dir(program), Stdout: &out, Stderr: &complaints,
		Env: run.Env{"HOME=$HOME", "PATH=/usr/bin:/bin", "LANG=C.UTF-8", "GOMAXPROCS=1"},
	})
	if at := crash.FindIndex(complaints.Bytes()); err != nil && at != nil {
		return nil, fmt.Errorf("it crashes:\n%s\n  A module that is linked may be too old for %s: "+
			"build with a newer version of it (deps, or a patch), or with an older Go (build.toolchain)",
			bytes.TrimSpace(complaints.Bytes()[at[0]:]), s.Go().GOVERSION)
	}
	if help && (err == nil || run.ExitCode(err) == 2) && out.Len() == 0 {
		out, err = complaints, nil
	}
	if err == nil && out.Len() == 0 {
		err = errors.New("it printed nothing")
	}
	return out.Bytes(), err
}
