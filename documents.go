package slipway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/slipway-build/slipway/internal/action"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/packaging"
)

// documentsRevision counts the changes that make programs tell something else.
const documentsRevision = 1

// documented is for how many programs that is kept.
const documented = 64

// patience is how long a program may take to print its help.
const patience = time.Minute

// document has the programs of the recipes tell of themselves, on this machine.
func (k *packing) document(ctx context.Context) error {
	for _, r := range k.recipes {
		for program := range r.Programs {
			_, man := r.Man[program]
			if shells := r.Completions[program]; man || shells != nil {
				doc, err := k.documents(ctx, program, shells)
				if err != nil {
					return fmt.Errorf("asking %s for its help: %w", program, err)
				}
				k.in.Docs[program] = doc
			}
		}
	}
	return k.cache.Prune("documents", documented)
}

// documents returns what a program tells of itself.
func (k *packing) documents(ctx context.Context, program string, shells []string) (packaging.Doc, error) {
	component := k.in.Component(program)
	bin := filepath.Join(k.Dir, k.fork.dist("bin", k.host().Dir(), k.helpers[component].File))
	key := action.NewKey("documents", documentsRevision, []any{k.helpers[component].SHA256, k.in.CalledAs(program), shells})
	dir, _, err := k.cache.Do("documents", key, func(dst string) error {
		return k.ask(ctx, bin, k.in.CalledAs(program), shells, dst)
	})
	if err != nil {
		return packaging.Doc{}, err
	}
	doc := packaging.Doc{Completions: map[string][]byte{}}
	if doc.Help, err = os.ReadFile(filepath.Join(dir, "help")); err != nil {
		return doc, err
	}
	for _, shell := range shells {
		if doc.Completions[shell], err = os.ReadFile(filepath.Join(dir, shell)); err != nil {
			return doc, err
		}
	}
	return doc, nil
}

// ask runs a program under the name that it is called by, and leaves in dst what
// it prints: its help, and its completions for shells. Its home is no real one,
// for what it prints may name it.
func (k *packing) ask(ctx context.Context, bin, name string, shells []string, dst string) error {
	scratch, err := k.cache.Scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	if err := os.Symlink(bin, filepath.Join(scratch, name)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	asked := map[string][]string{"help": {"--help"}}
	for _, shell := range shells {
		asked[shell] = []string{"completion", shell}
	}
	for what, args := range asked {
		var out, complaints bytes.Buffer
		err := k.goCmd.Run.Run(ctx, run.Cmd{
			Args: append([]string{filepath.Join(scratch, name)}, args...), Dir: scratch, Stdout: &out, Stderr: &complaints,
			Env: run.Env{"HOME=$HOME", "PATH=/usr/bin:/bin", "LANG=C.UTF-8", "GOMAXPROCS=1"},
		})
		if what == "help" && (err == nil || run.IsExit(err)) && out.Len() == 0 { // Go's own flags say it so
			out, err = complaints, nil
		}
		if err == nil && out.Len() == 0 {
			err = errors.New("it printed nothing")
		}
		if err != nil {
			return err
		}
		text := bytes.ReplaceAll(out.Bytes(), []byte(scratch+"/"), nil)
		if err := os.WriteFile(filepath.Join(dst, what), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
