package build

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/slipway-build/slipway/internal/action"
)

// A Stage makes an output of an input, once: the output is kept in the cache by
// the stage's name, its revision and the JSON of the input. So an input holds all
// that decides the output, by value or by digest; unexported fields, and those
// with the tag `json:"-"`, are for Run alone.
type Stage[In, Out any] struct {
	Name     string
	Dir      string // folder of the cache; Name if empty
	Revision int    // counts the changes of Run that change its output
	Keep     int    // how many outputs a project keeps

	// Run writes the output to dst, an empty folder, and Read reads it.
	Run  func(ctx context.Context, s *Session, in In, dst string) error
	Read func(dir string) (Out, error)
}

func (st Stage[In, Out]) dir() string {
	if st.Dir != "" {
		return st.Dir
	}
	return st.Name
}

func (st Stage[In, Out]) key(in In) action.Key { return action.NewKey(st.Name, st.Revision, in) }

// Do returns the output of a stage for an input, and whether it was kept from an
// earlier run. It is the one door to the cache. A kept output that cannot be read
// is made again.
func Do[In, Out any](ctx context.Context, s *Session, st Stage[In, Out], in In) (out Out, kept bool, err error) {
	s.hold.willKeep(st.dir(), st.Keep)
	for {
		dir, kept, err := s.hold.cache.Do(st.dir(), st.key(in), func(dst string) error {
			return st.Run(ctx, s, in, dst)
		})
		if err != nil {
			return out, false, err
		}
		s.hold.took(dir)
		if out, err = st.Read(dir); err == nil || !kept {
			return out, kept, err
		}
		s.noteAgain(err)
		if err := Forget(s, st, in); err != nil {
			return out, false, err
		}
	}
}

// Forget removes the output of a stage for an input from the cache.
func Forget[In, Out any](s *Session, st Stage[In, Out], in In) error {
	return s.hold.cache.Forget(st.dir(), st.key(in))
}

// Key returns the key of a stage's output, for records.
func Key[In, Out any](st Stage[In, Out], in In) action.Key { return st.key(in) }

// willKeep notes how many outputs of a stage are kept when the run ends.
func (h *Held) willKeep(dir string, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keep[dir] = n
}

// took notes that the run uses an output: it may read files of it until it ends.
func (h *Held) took(dir string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.inUse[dir] = true
}

// noteAgain says that something kept was found damaged.
func (s *Session) noteAgain(err error) {
	s.Note(fmt.Sprintf("%v: making it again", s.fork.Project.Relative(err)))
}

// ReadJSON returns the Read of a stage that keeps its output as JSON in one file.
func ReadJSON[Out any](name string) func(dir string) (Out, error) {
	return func(dir string) (out Out, err error) {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			err = json.Unmarshal(data, &out)
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", filepath.Join(dir, name), err)
		}
		return out, err
	}
}

// WriteJSON writes a value for ReadJSON.
func WriteJSON(dir, name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name), data, 0o644)
}
