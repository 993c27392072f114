package build

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/action"
)

// programsStage compiles programs of the patched tree that the fork does not ship.
var programsStage = Stage[programsInput, Binaries]{
	Name: "programs", Revision: 1, Keep: 4, Run: compilePrograms, Read: readPrograms,
}

type programsInput struct {
	keys []action.Key // of the programs
	plan plan
}

// MarshalJSON returns what decides the output.
func (in programsInput) MarshalJSON() ([]byte, error) { return json.Marshal(in.keys) }

const programsFile = "programs.json"

func compilePrograms(ctx context.Context, s *Session, in programsInput, dst string) error {
	built, err := s.build(ctx, in.plan, in.plan.job.Components, filepath.Join(dst, "bin"))
	if err != nil {
		return err
	}
	return WriteJSON(dst, programsFile, built.Binaries)
}

func readPrograms(dir string) (Binaries, error) {
	all, err := ReadJSON[[]cross.Binary](programsFile)(dir)
	out := Binaries{Dir: filepath.Join(dir, "bin"), All: all}
	for _, b := range all {
		info, gone := os.Stat(out.Path(b.Component))
		if gone == nil && info.Size() != b.Size {
			gone = fmt.Errorf("%s is damaged", out.Path(b.Component))
		}
		err = errors.Join(err, gone)
	}
	return out, err
}

// Programs compiles what a job names from the patched tree, as Binaries does, but into the
// cache: its components need not be the fork's, and are not shipped.
func (s *Session) Programs(ctx context.Context, j fork.Job) (out Binaries, err error) {
	s.hold.compile.Lock()
	defer s.hold.compile.Unlock()
	p, err := s.plan(ctx, j)
	if err != nil {
		return out, err
	}
	in := programsInput{plan: p}
	for _, c := range j.Components {
		in.keys = append(in.keys, p.builder.Key(p.input, c))
	}
	err = s.Stage("cross", j.Platform.String(), j.Names(), func() (done Done, err error) {
		out, done.Kept, err = Do(ctx, s, programsStage, in)
		return done, err
	})
	out.Platform = j.Platform
	return out, err
}
