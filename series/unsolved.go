package series

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/patches"
)

// An unsolved file is one in a conflict that no mark in it tells of: somebody
// deleted it, it is a link or binary, or only its mode is in question. It counts as
// solved once somebody changes it, or takes the note of it out of the commit.
type unsolved struct {
	Patch, Path string
	Why         string
	// Left and Tip are what was laid out: in the commit of the patch, and in the last.
	Left, Tip string
}

// unmarked returns the files of a patch that conflict and have no marks.
func unmarked(o patches.Outcome) []patches.FileOutcome {
	var out []patches.FileOutcome
	for _, f := range o.Files {
		marks := func(c filetree.Change) bool { return c.Path == cmp.Or(f.Renamed, f.File) && hasMarks(c.Content) }
		if f.Conflict && !slices.ContainsFunc(o.Changes, marks) {
			out = append(out, f)
		}
	}
	return out
}

// hasMarks reports whether a file has a mark of a conflict that a merge left.
func hasMarks(content []byte) bool {
	return bytes.HasPrefix(content, []byte("<<<<<<< ")) || bytes.Contains(content, []byte("\n<<<<<<< "))
}

// unsolved returns the record of the layout's files without marks.
func (l layout) unsolved() []unsolved {
	tip := state{}
	var out []unsolved
	for i, step := range l.steps {
		tip.change(step.Changes)
		if i >= len(l.unmarked) {
			continue
		}
		for _, f := range l.unmarked[i] {
			name := cmp.Or(f.Renamed, f.File)
			out = append(out, unsolved{Patch: step.Patch.Name, Path: name, Why: f.Why, Left: tip[name]})
		}
	}
	for i := range out {
		out[i].Tip = tip[out[i].Path]
	}
	return out
}

// A state says of the files that commits changed how they are then.
type state map[string]string

func (s state) change(changes []filetree.Change) {
	for _, c := range changes {
		s[c.Path] = fmt.Sprintf("%s %x", c.Mode, sha256.Sum256(c.Content))
		if c.Deleted {
			s[c.Path] = "deleted"
		}
	}
}

// checkSolved returns an error that names each file that the commits leave as it was laid
// out in a conflict, and still note as unsolved.
func (w workTree) checkSolved(src string, h gitrepo.History) error {
	if len(w.Unsolved) == 0 {
		return nil
	}
	tip := state{}
	at := make([]map[string]string, len(h.Commits)) // what each commit leaves the files that it notes as
	for i, c := range h.Commits {
		tip.change(c.Changes)
		at[i] = map[string]string{}
		for _, name := range c.Unsolved {
			at[i][name] = tip[name]
		}
	}
	var lines []string
	note := ""
	for _, u := range w.Unsolved {
		left := func(files map[string]string) bool {
			now, noted := files[u.Path]
			return noted && now == u.Left
		}
		if tip[u.Path] != u.Tip || !slices.ContainsFunc(at, left) {
			continue
		}
		note = cmp.Or(note, u.Path)
		lines = append(lines, fmt.Sprintf("%s conflicts in %s, and nobody has solved that: %s",
			path.Join(src, u.Path), u.Patch, u.Why))
	}
	if lines == nil {
		return nil
	}
	return fmt.Errorf("%s\n"+
		"  Change the file in the commit of its patch (git commit --fixup, git rebase -i --autosquash), or drop the\n"+
		"  commit (git rebase -i, drop). If the file is right as it is, take the line \"Slipway-Unsolved: %s\" out of\n"+
		"  the commit's message (git rebase -i, reword)", strings.Join(lines, "\n"), note)
}
