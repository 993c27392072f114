package patches

import (
	"errors"
	"maps"
	"slices"
)

// findTaken finds out which patches can be taken out of the new upstream, the last
// one first. A patch that is known to be there is taken out if that is possible.
func (r *rebase) findTaken(moves []move) {
	was := r.new.snapshot()
	for i := len(moves) - 1; i >= 0; i-- {
		m := &moves[i]
		m.taken = i < len(r.Taken) && r.Taken[i]
		at := r.new.snapshot()
		_, applies := r.new.try(m.Patch, m.diffs)
		r.new.restore(at)
		m.undone = r.new.undo(*m, applies) && !r.lives(*m)
	}
	r.new.restore(was)
}

// undoes reports whether the patch, the other way round, fits the files that it
// met.
func (t *tree) undoes(m move, met map[string]*file, applied bool) bool {
	defer t.restore(t.snapshot())
	t.put(met)
	return t.undo(m, applied)
}

// undo takes a patch out of the tree, or leaves the tree as it is. One that
// applies as well is there already only if it fits at just the lines it names.
func (t *tree) undo(m move, applies bool) bool {
	back, err := reversed(m.diffs)
	if err != nil {
		return false
	}
	was := t.snapshot()
	moved, ok := t.try(m.Patch, back)
	if ok && applies && len(moved) > 0 {
		t.restore(was)
		return false
	}
	return ok
}

// try applies the patch, or leaves the tree as it is.
func (t *tree) try(p Patch, diffs []FileDiff) (moved []Move, ok bool) {
	was := t.snapshot()
	s := step{tree: t, patch: p.Name}
	if s.apply(diffs) != nil {
		t.restore(was)
		return nil, false
	}
	return s.moved, true
}

// reversed returns the diffs that undo diffs.
func reversed(diffs []FileDiff) ([]FileDiff, error) {
	out := make([]FileDiff, len(diffs))
	for i, d := range diffs {
		if d.Copy || d.Binary != nil {
			return nil, errors.New("cannot be turned round")
		}
		d.Old, d.New, d.OldMode, d.NewMode = d.New, d.Old, d.NewMode, d.OldMode
		d.Hunks = slices.Clone(d.Hunks)
		for j, h := range d.Hunks {
			h.OldStart, h.OldLines, h.NewStart, h.NewLines = h.NewStart, h.NewLines, h.OldStart, h.OldLines
			h.Lines = slices.Clone(h.Lines)
			for k, l := range h.Lines {
				switch l.Op {
				case '+':
					h.Lines[k].Op = '-'
				case '-':
					h.Lines[k].Op = '+'
				}
			}
			d.Hunks[j] = h
		}
		out[len(diffs)-1-i] = d
	}
	return out, nil
}

// A snapshot is a tree at some moment.
type snapshot struct {
	files map[string]*file
	more  map[string]int
}

func (t *tree) snapshot() snapshot { return snapshot{maps.Clone(t.files), maps.Clone(t.more)} }

// restore makes the tree what it was.
func (t *tree) restore(s snapshot) { t.files, t.more = maps.Clone(s.files), maps.Clone(s.more) }

// put makes files what they are in a map.
func (t *tree) put(files map[string]*file) {
	for name, f := range files {
		t.set(name, f)
	}
}

// states returns what the files of a map are now.
func (t *tree) states(of map[string]*file) map[string]*file {
	now := map[string]*file{}
	for name := range of {
		now[name] = t.files[name]
	}
	return now
}
