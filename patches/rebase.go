package patches

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/slipway-build/slipway/filetree"
)

// A Status says what happens to a patch on another upstream.
type Status string

// What can happen to a patch.
const (
	Applies    Status = "applies"   // as it is
	Moves      Status = "moved"     // as it is, but at other lines
	Merges     Status = "merged"    // only once each file was merged with what upstream made of it
	InUpstream Status = "upstream"  // it is there already
	Conflicts  Status = "conflicts" // somebody has to look at it
)

// An Outcome is what happens to one patch.
type Outcome struct {
	Patch  Patch
	Status Status
	Moved  []Move        // the hunks that moved
	Files  []FileOutcome // that were merged or conflict, or in which an earlier patch conflicts
	// Changes are what the patch does to the tree that the patches before it made
	// of the new upstream. Conflicts are in them between git's marks.
	Changes []filetree.Change
}

// A FileOutcome is a file of a patch that does not fit as it is.
type FileOutcome struct {
	File     string `json:"file"`
	Renamed  string `json:"renamed,omitempty"` // where the patch changes it, which upstream or the patch renamed it to
	Conflict bool   `json:"conflict"`
	Hunk     int    `json:"hunk,omitempty"` // the first that does not fit, from 1; 0 if it is not about a hunk
	Line     int    `json:"line,omitempty"` // of the file on the new upstream
	Expected string `json:"expected,omitempty"`
	Found    string `json:"found,omitempty"`
	Why      string `json:"why,omitempty"`
	After    string `json:"after,omitempty"` // an earlier patch that conflicts in the same file
}

// String says it in a line.
func (f FileOutcome) String() string {
	s := f.File
	if f.Renamed != "" {
		s += ", renamed to " + f.Renamed
	}
	if f.Hunk > 0 {
		s += fmt.Sprintf(", hunk %d at line %d: expected %q, found %q", f.Hunk, f.Line, f.Expected, f.Found)
	}
	switch {
	case f.Why != "":
		s += ": " + f.Why
	case !f.Conflict && (f.Hunk > 0 || f.Renamed != ""):
		s += ": merged"
	}
	if f.After != "" {
		s += " (after the conflict of " + f.After + ")"
	}
	return s
}

// A Merged is what was made of two versions of a file.
type Merged struct {
	Text      []byte // where the two conflict, both are in it, between marks
	Conflicts int    // how many there are
	Decided   []byte // the text with each conflict decided for theirs; nil if there is none
}

// A Merge merges what ours and theirs made of base.
type Merge func(base, ours, theirs []byte) (Merged, error)

// A Rebasing is a series on its way from one upstream to another.
type Rebasing struct {
	Before filetree.Dir // the upstream that the series applies to
	After  filetree.Dir // the one that it is to apply to
	Series []Patch
	// Instead are patches that After takes in the place of those of the series by their
	// names, as whoever maintains them has made them for it.
	Instead map[string]Patch
	Taken   []bool // of each patch, whether After is known to have it; nil if nothing is known
	Merge   Merge
}

// Rebase moves a series to another upstream, and returns what happens to each
// patch. It reads both upstreams and changes neither.
//
// A patch is in the upstream if it is known to be, if each of its files is there
// as it makes them, or if each of its hunks is there. One that conflicts is there,
// too, if it can be taken out of the upstream after the patches behind it were: so
// upstream may have taken several as one commit.
//
// Any other patch that does not apply is merged file by file: with what the series
// made of the old upstream, before the patch and after it. A file that upstream or
// the patch renamed is followed. After a conflict the patches that follow are
// judged by the file as the patch wants it, not by the marks. A mailbox is given
// as its Messages: each mail is a patch of its own here.
func Rebase(r Rebasing) ([]Outcome, error) {
	b := rebase{Rebasing: r, old: newTree(r.Before), new: newTree(r.After), marked: map[string]*marked{},
		renames: renames{before: r.Before, after: r.After}}
	moves := make([]move, len(r.Series))
	for i, p := range r.Series {
		var err error
		if moves[i], err = b.moveOf(p); err != nil {
			return nil, err
		}
	}
	b.findTaken(moves)
	out := make([]Outcome, len(moves))
	for i, m := range moves {
		var err error
		if out[i], err = b.patch(m); err != nil {
			return nil, err
		}
	}
	return out, nil
}

type rebase struct {
	Rebasing
	old, new *tree // new has each conflict decided for the patch
	marked   map[string]*marked
	renames  renames
	applied  string // the patch before
}

// A move is a patch and what it did to the old upstream.
type move struct {
	Patch
	diffs        []FileDiff
	base, theirs map[string]*file // its files before and after
	taken        bool             // upstream is known to have it
	undone       bool             // it could be taken out of the new upstream, behind those after it
}

// A marked file has a conflict.
type marked struct {
	patch      string // whose conflict it is
	old        string // its path in the old tree
	base, ours *file  // what that patch met in the old tree, and in the new one
	shown      *file  // the file with the marks
}

// moveOf applies a patch to the old tree.
func (r *rebase) moveOf(p Patch) (move, error) {
	diffs, err := Parse(p)
	if err != nil {
		return move{}, err
	}
	m := move{Patch: p, diffs: diffs, base: r.old.clone(diffs)}
	if err := (&step{tree: r.old, patch: p.Name, applied: r.applied}).apply(diffs); err != nil {
		return m, err
	}
	m.theirs, r.applied = r.old.states(m.base), p.Name
	return m, nil
}

// patch moves the new tree past one patch.
func (r *rebase) patch(m move) (Outcome, error) {
	o := Outcome{Patch: m.Patch}
	if m.taken {
		o.Status = InUpstream
		return o, nil
	}
	if p, ok := r.Instead[m.Name]; ok {
		return r.instead(p)
	}
	was := r.new.snapshot()
	ours := r.new.clone(m.diffs)
	switch moved, ok := r.new.try(m.Patch, m.diffs); {
	case (sameFiles(ours, m.theirs) || r.new.undoes(m, ours, ok)) && !r.lives(m):
		r.new.restore(was)
		o.Status = InUpstream
		return o, nil
	case ok && len(moved) == 0:
		o.Status = Applies
	case ok:
		o.Status, o.Moved = Moves, moved
	default:
		g := merging{rebase: r, move: m, ours: ours, marks: map[string]*marked{}}
		if err := g.files(&o); err != nil {
			return o, err
		}
		if o.Status == Merges && len(r.new.since(ours)) == 0 || o.Status == Conflicts && m.undone {
			r.new.restore(was)
			return Outcome{Patch: m.Patch, Status: InUpstream}, nil
		}
		maps.Copy(r.marked, g.marks)
	}
	return o, r.show(&o, m, ours)
}

// instead moves the new tree past a patch that was made for it. Where it does not
// apply, nothing is known to merge it with.
func (r *rebase) instead(p Patch) (Outcome, error) {
	o := Outcome{Patch: p, Status: Applies}
	diffs, err := Parse(p)
	if err != nil {
		return o, err
	}
	ours := r.new.clone(diffs)
	moved, ok := r.new.try(p, diffs)
	switch {
	case !ok:
		o.Status = Conflicts
		for _, d := range diffs {
			o.Files = append(o.Files, FileOutcome{File: cmp.Or(d.New, d.Old), Conflict: true,
				Why: "the patch that is made for this version does not apply behind those before it"})
		}
		return o, nil
	case len(moved) > 0:
		o.Status, o.Moved = Moves, moved
	}
	return o, r.show(&o, move{Patch: p, diffs: diffs}, ours)
}

// lives reports whether a file that the patch deletes is still in the new upstream,
// by another name.
func (r *rebase) lives(m move) bool {
	renamed := renamedBy(m)
	for name, was := range m.base {
		if was != nil && m.theirs[name] == nil && renamed[name] == "" && r.renames.find(name) != "" {
			return true
		}
	}
	return false
}

// show fills in what the patch changes, with marks where there is a conflict. ours
// are the files before it.
func (r *rebase) show(o *Outcome, m move, ours map[string]*file) error {
	before, after := map[string]*file{}, map[string]*file{}
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		was, now := ours[name], r.new.files[name]
		before[name], after[name] = was, now
		k := r.marked[name]
		if k == nil {
			continue
		}
		if k.patch != o.Patch.Name {
			before[name] = k.shown
			o.mark(name, k.patch)
		}
		shown, err := r.reshown(k, m, was, now)
		if err != nil {
			return fmt.Errorf("merging %s: %w", name, err)
		}
		k.shown, after[name] = shown, shown
	}
	o.Changes = changesBetween(before, after)
	return nil
}

// mark notes that an earlier patch conflicts in a file.
func (o *Outcome) mark(name, patch string) {
	for i, f := range o.Files {
		if f.File == name || f.Renamed == name {
			o.Files[i].After = patch
			return
		}
	}
	o.Files = append(o.Files, FileOutcome{File: name, After: patch})
}

// reshown returns a file with marks after a patch that made now of was: merged
// anew, so that marks are never in marks.
func (r *rebase) reshown(k *marked, m move, was, now *file) (*file, error) {
	switch {
	case k.patch == m.Name:
		return k.shown, nil
	case now == nil, k.ours == nil, k.shown == nil, now.binary(), k.shown.binary(): // there are no marks
		return now, nil
	}
	if theirs := m.theirs[k.old]; theirs != nil {
		merged, err := r.Merge(k.base.text(), k.ours.content(), theirs.content())
		if err != nil || merged.Conflicts > 0 {
			return &file{now.mode, splitLines(merged.Text)}, err
		}
	}
	if was == nil {
		return now, nil
	}
	merged, err := r.Merge(was.content(), k.shown.content(), now.content())
	return &file{now.mode, splitLines(merged.Text)}, err
}
