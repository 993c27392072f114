package patches

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/slipway-build/slipway/filetree"
)

// A Result is what a series makes of a tree.
type Result struct {
	Changes []filetree.Change // of the files that end up different, sorted by path
	Moved   []Move            // in the order they were applied
}

// A Move is a hunk that applied, exactly, at another line than it says.
type Move struct {
	Patch, File string
	Hunk        int // of the file, from 1
	Line        int // of the patched file, where the hunk lies
	By          int // lines further down than the patch says
}

// Apply applies the series to base, each patch to the tree that those before it
// made, and writes nothing: either all of the series applies, or the error is an
// *ApplyError of the first patch that does not, with a fault of every file at
// which it fails. A patch that cannot be read is a *ParseError. A hunk may lie at
// another line than it says, but all of its lines must be there exactly.
func Apply(base filetree.Dir, series []Patch) (Result, error) {
	t := newTree(base)
	var moved []Move
	applied := ""
	for _, p := range series {
		diffs, err := Parse(p)
		if err != nil {
			return Result{}, err
		}
		s := step{tree: t, patch: p.Name, applied: applied}
		if err := s.apply(diffs); err != nil {
			return Result{}, err
		}
		moved = append(moved, s.moved...)
		applied = p.Name
	}
	return Result{Changes: t.changes(), Moved: moved}, nil
}

// step is one patch on its way into the tree.
type step struct {
	tree    *tree
	patch   string
	applied string // the patch before
	moved   []Move
}

// refuse says why the patch does not apply, where the fault is no Conflict.
func (s *step) refuse(d FileDiff, format string, args ...any) error {
	return refusal{fmt.Errorf("%w (%s:%d)", fmt.Errorf(format, args...), s.patch, d.Line)}
}

// failure returns the error of a patch with faults, nil for none. A file that
// could not be read does not say whether the patch applies.
func (s *step) failure(faults []error) error {
	for _, err := range faults {
		_, isConflict := errors.AsType[*Conflict](err)
		_, isRefusal := errors.AsType[refusal](err)
		if !isConflict && !isRefusal {
			return err
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return &ApplyError{Patch: s.patch, Applied: s.applied, Faults: faults}
}

// apply applies all diffs of the patch to the tree, or returns what is wrong with
// each file; the tree is of no use then.
func (s *step) apply(diffs []FileDiff) error {
	sources, errs := s.takeSources(diffs)
	var faults []error
	failed := map[string]bool{}
	for i, d := range diffs {
		name := cmp.Or(d.Old, d.New)
		if failed[name] {
			continue // a second diff of the file fails for the same reason
		}
		err := errs[i]
		if err == nil {
			err = s.applyFile(d, sources[i])
		}
		if err != nil {
			failed[name] = true
			faults = append(faults, err)
		}
	}
	if len(faults) > 0 {
		return s.failure(faults)
	}
	// Not before the end, for git may tell of a file that replaces a folder
	// before it tells that what was in the folder is gone.
	for _, d := range diffs {
		if why := s.tree.misplaced(d.New); why != "" {
			faults = append(faults, s.refuse(d, "%s cannot be created: %s", d.New, why))
		}
	}
	return s.failure(faults)
}

// takeSources returns, for each of diffs, the file it renames or copies if it
// does, or why it cannot. It takes the renamed ones away: a rename is meant of
// the tree before the patch, wherever in the patch it is.
func (s *step) takeSources(diffs []FileDiff) ([]*file, []error) {
	sources, errs := make([]*file, len(diffs)), make([]error, len(diffs))
	for i, d := range diffs {
		if d.Old != d.New && d.Old != "" && d.New != "" {
			sources[i], errs[i] = s.source(d)
		}
	}
	for i, d := range diffs {
		if sources[i] == nil || d.Copy {
			continue
		}
		if s.tree.mode(d.Old) == "" {
			errs[i] = s.refuse(d, "%s is renamed twice", d.Old)
		}
		s.tree.set(d.Old, nil)
	}
	return sources, errs
}

// source returns the file that d is a diff of: an empty one if it makes it.
func (s *step) source(d FileDiff) (*file, error) {
	if d.Old == "" {
		return &file{}, nil
	}
	f, err := s.tree.read(d.Old)
	if err == nil && f == nil {
		err = s.refuse(d, "%w", &AbsentError{d.Old, s.tree.absence(d.Old)})
	}
	return f, err
}

// applyFile applies one diff to the tree; before is the file if takeSources has it.
func (s *step) applyFile(d FileDiff, before *file) (err error) {
	if before == nil {
		if before, err = s.source(d); err != nil {
			return err
		}
	}
	after, err := s.patched(d, before)
	if err != nil {
		return err
	}
	if d.New == "" {
		s.tree.set(d.Old, nil)
		return nil
	}
	if d.Old != d.New && s.tree.mode(d.New) != "" {
		hint := ""
		if f, err := s.tree.read(d.New); err == nil && f.same(after) {
			hint = ", and looks as the patch would make it"
		}
		return s.refuse(d, "%s already exists%s", d.New, hint)
	}
	s.tree.set(d.New, after)
	return nil
}

// patched returns what d makes of the file.
func (s *step) patched(d FileDiff, before *file) (*file, error) {
	mode, why := d.mode(before.mode)
	if why != "" {
		return nil, s.refuse(d, "%s %s", d.Old, why)
	}
	if d.Binary != nil {
		return s.made(d, before, mode)
	}
	lines, moved, conflict := d.lay(before.lines)
	if conflict != nil {
		return nil, conflict
	}
	for _, m := range moved {
		m.Patch = s.patch
		s.moved = append(s.moved, m)
	}
	after := &file{mode, lines}
	if d.New == "" && len(lines) > 0 {
		return nil, s.refuse(d, "%s is to be deleted, but %d of its lines would stay", d.Old, len(lines))
	}
	if why := d.misses(before.content(), after.content()); why != "" {
		return nil, s.refuse(d, "%s becomes %s", cmp.Or(d.New, d.Old), why)
	}
	if d.New != "" && mode == filetree.Link {
		if why := filetree.BadTarget(d.New, string(after.content())); why != "" {
			return nil, s.refuse(d, "%s would be a symbolic link %s", d.New, why)
		}
	}
	return after, nil
}

// misses says what a diff makes of just the file that it was made of, if that is
// not what it was made for.
func (d FileDiff) misses(before, after []byte) string {
	if d.OldID == "" || d.New == "" || checkID(d.OldID, before) != nil {
		return ""
	}
	if err := checkID(d.NewID, after); err != nil {
		return "another file than in the commit: " + err.Error()
	}
	return ""
}

// made returns what a binary diff makes of the file.
func (s *step) made(d FileDiff, before *file, mode filetree.Mode) (*file, error) {
	content, err := d.Binary.make(before.content())
	if err != nil {
		return nil, s.refuse(d, "%s: %w", cmp.Or(d.Old, d.New), err)
	}
	if d.New == "" && len(content) > 0 {
		return nil, s.refuse(d, "%s is to be deleted, but %d of its bytes would stay", d.Old, len(content))
	}
	if mode == filetree.Link {
		return nil, s.refuse(d, "%s would be a symbolic link made of bytes that are not text", d.New)
	}
	return &file{mode, splitLines(content)}, nil
}

// mode returns the mode that d gives a file which has the mode old, or why it
// is not a diff of such a file.
func (d FileDiff) mode(old filetree.Mode) (mode filetree.Mode, why string) {
	touches := d.OldMode != "" || len(d.Hunks) > 0 || d.Binary != nil
	switch {
	case d.Old == "":
		return cmp.Or(d.NewMode, filetree.Regular), ""
	case touches && old == filetree.Link && d.OldMode != filetree.Link:
		return "", "is a symbolic link, and the patch is of a file"
	case touches && old != filetree.Link && d.OldMode == filetree.Link:
		return "", "is a file, and the patch is of a symbolic link"
	case d.OldMode == d.NewMode: // only mentioned, or not even that
		return old, ""
	case d.OldMode != old:
		return "", fmt.Sprintf("has mode %s, and the patch says %s", old, d.OldMode)
	}
	return d.NewMode, ""
}

// lay applies the hunks to the lines of a file, in order.
func (d FileDiff) lay(lines [][]byte) (out [][]byte, moved []Move, _ *Conflict) {
	out = make([][]byte, 0, len(lines))
	end, by := 0, 0 // of the hunk before: where it ends, and how far it moved
	for i, h := range d.Hunks {
		old, new := h.pattern('+'), h.pattern('-')
		pos, ok := old.find(lines, end, h.first()+by)
		if !ok {
			c := &Conflict{File: cmp.Or(d.Old, d.New), Hunk: i + 1}
			c.Line, c.Expected, c.Found = old.differs(lines, old.nearest(lines, end, h.first()+by))
			if len(new.lines) > 0 {
				_, c.Already = new.find(lines, end, h.first()+by)
			}
			return nil, nil, c
		}
		out = append(out, lines[end:pos]...)
		end, by = pos+h.OldLines, pos-h.first()
		if by != 0 {
			moved = append(moved, Move{File: cmp.Or(d.New, d.Old), Hunk: i + 1, Line: len(out) + 1, By: by})
		}
		out = append(out, new.lines...)
	}
	return append(out, lines[end:]...), moved, nil
}
