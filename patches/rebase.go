package patches

import (
	"bytes"
	"cmp"
	"errors"
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
	Files  []FileOutcome // that were merged, or conflict
	// Changes are what the patch does to the tree that the patches before it made
	// of the new upstream. Conflicts are in them between git's marks.
	Changes []filetree.Change
}

// A FileOutcome is a file of a patch that does not fit as it is.
type FileOutcome struct {
	File     string `json:"file"`
	Conflict bool   `json:"conflict"`
	Hunk     int    `json:"hunk,omitempty"` // the first that does not fit, from 1; 0 if it is not about a hunk
	Line     int    `json:"line,omitempty"` // of the file on the new upstream
	Expected string `json:"expected,omitempty"`
	Found    string `json:"found,omitempty"`
	Why      string `json:"why,omitempty"`
	After    string `json:"after,omitempty"` // an earlier patch that conflicts in the same file, and may be the cause
}

// String says it in a line.
func (f FileOutcome) String() string {
	s := f.File
	if f.Hunk > 0 {
		s += fmt.Sprintf(", hunk %d at line %d: expected %q, found %q", f.Hunk, f.Line, f.Expected, f.Found)
	}
	if f.Why != "" {
		s += ": " + f.Why
	}
	if f.After != "" {
		s += " (after the conflict of " + f.After + ")"
	}
	return s
}

// A Merge merges what ours and theirs made of base, and returns how many
// conflicts the result has, between marks.
type Merge func(base, ours, theirs []byte) (merged []byte, conflicts int, err error)

// Rebase moves a series, which applies to the upstream before, to the upstream
// after, and returns what happens to each patch. It reads both and changes
// neither.
//
// A patch is in the upstream if each of its files is there as it makes them, or
// if each of its hunks is there. One that does not apply is merged file by
// file: with what the series made of the old upstream, before the patch and
// after it. A patch that touches a file with an earlier one's conflict meets
// the marks, and says so. Each mail of a mailbox is a patch of its own here.
func Rebase(before, after filetree.Dir, series []Patch, merge Merge) ([]Outcome, error) {
	r := rebase{old: newTree(before), new: newTree(after), merge: merge, marked: map[string]string{}}
	series = Messages(series)
	out := make([]Outcome, len(series))
	for i, p := range series {
		o, err := r.patch(p)
		if err != nil {
			return nil, err
		}
		out[i], r.applied = o, p.Name
	}
	return out, nil
}

type rebase struct {
	old, new *tree
	merge    Merge
	applied  string            // the patch before
	marked   map[string]string // files with conflict markers, by the patch whose they are
}

// patch moves both trees past one patch.
func (r *rebase) patch(p Patch) (Outcome, error) {
	diffs, err := Parse(p)
	if err != nil {
		return Outcome{}, err
	}
	o := Outcome{Patch: p}
	base := r.old.clone(diffs)
	if err := (&step{tree: r.old, patch: p.Name, applied: r.applied}).apply(diffs); err != nil {
		return o, err
	}
	theirs := r.old.states(base)
	ours := r.new.clone(diffs)
	switch moved, ok := r.new.try(p, diffs); {
	case sameFiles(ours, theirs) || r.new.undoes(p, diffs, ours, ok):
		r.new.put(ours)
		o.Status = InUpstream
		return o, nil
	case ok && len(moved) == 0:
		o.Status = Applies
	case ok:
		o.Status, o.Moved = Moves, moved
	default:
		if err := r.mergeFiles(&o, diffs, base, ours, theirs); err != nil {
			return o, err
		}
	}
	o.Changes = r.new.since(ours)
	if o.Status == Merges && len(o.Changes) == 0 {
		o.Status, o.Files = InUpstream, nil
	}
	return o, nil
}

// mergeFiles merges each file of the patch.
func (r *rebase) mergeFiles(o *Outcome, diffs []FileDiff, base, ours, theirs map[string]*file) error {
	o.Status = Merges
	for _, name := range slices.Sorted(maps.Keys(base)) {
		merged, why, err := r.mergeFile(base[name], ours[name], theirs[name])
		if err != nil {
			return fmt.Errorf("merging %s: %w", name, err)
		}
		r.new.set(name, merged)
		if bad := r.new.misplaced(name); bad != "" {
			why = "it cannot be created: " + bad
			r.new.set(name, ours[name])
		}
		f := misfit(diffs, name, ours[name])
		f.Why, f.After = why, r.marked[name]
		if why != "" {
			f.Conflict, o.Status = true, Conflicts
			r.marked[name] = cmp.Or(r.marked[name], o.Patch.Name)
		}
		if f.Conflict || f.Hunk > 0 {
			o.Files = append(o.Files, f)
		}
	}
	return nil
}

// mergeFile merges one file; nil is none. why tells what conflicts, if anything
// does.
func (r *rebase) mergeFile(base, ours, theirs *file) (merged *file, why string, err error) {
	switch {
	case sameFile(ours, base), sameFile(ours, theirs):
		return theirs, "", nil
	case sameFile(base, theirs):
		return ours, "", nil
	case ours == nil:
		return theirs, "upstream deleted it; the patched file is unchanged", nil
	case theirs == nil:
		return ours, "the patch deletes it, and upstream changed it", nil
	}
	if base == nil {
		base = &file{mode: theirs.mode}
	}
	mode := theirs.mode
	if base.mode == theirs.mode {
		mode = ours.mode
	}
	if mode == filetree.Link || ours.binary() || theirs.binary() {
		return theirs, "upstream changed it too, and it is not text; it is as the patch has it", nil
	}
	text, conflicts, err := r.merge(base.content(), ours.content(), theirs.content())
	if conflicts > 0 {
		why = fmt.Sprintf("%d of its merged places conflict", conflicts)
	}
	return &file{mode, splitLines(text)}, why, err
}

// misfit says where a file of the patch does not fit what it meets.
func misfit(diffs []FileDiff, name string, meets *file) FileOutcome {
	f := FileOutcome{File: name}
	for _, d := range diffs {
		if cmp.Or(d.Old, d.New) != name || meets == nil {
			continue
		}
		if _, _, c := d.lay(meets.lines); c != nil {
			f.Hunk, f.Line, f.Expected, f.Found = c.Hunk, c.Line, c.Expected, c.Found
			break
		}
	}
	return f
}

// try applies the patch, or leaves the tree as it is.
func (t *tree) try(p Patch, diffs []FileDiff) (moved []Move, ok bool) {
	files, more := maps.Clone(t.files), maps.Clone(t.more)
	s := step{tree: t, patch: p.Name}
	if s.apply(diffs) != nil {
		t.files, t.more = files, more
		return nil, false
	}
	return s.moved, true
}

// undoes reports whether the patch, the other way round, fits the files that it
// met. One that applies as well is there already only if it fits at just the
// lines it names.
func (t *tree) undoes(p Patch, diffs []FileDiff, met map[string]*file, applied bool) bool {
	back, err := reversed(diffs)
	if err != nil {
		return false
	}
	files, more := t.files, t.more
	defer func() { t.files, t.more = files, more }()
	t.files, t.more = maps.Clone(files), maps.Clone(more)
	t.put(met)
	moved, ok := t.try(p, back)
	return ok && (!applied || len(moved) == 0)
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

func sameFile(a, b *file) bool { return a == b || a != nil && b != nil && a.same(b) }

func sameFiles(a, b map[string]*file) bool { return maps.EqualFunc(a, b, sameFile) }

func (f *file) binary() bool { return bytes.IndexByte(f.content(), 0) >= 0 }
