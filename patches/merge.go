package patches

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/slipway-build/slipway/filetree"
)

// merging is one patch that does not apply, merged into the new tree.
type merging struct {
	*rebase
	move  move
	ours  map[string]*file // the files that it touches, as it met them
	marks map[string]*marked
}

// A place is one file of a patch, wherever each side has it.
type place struct {
	from string // its path before the patch; "" if the patch makes it
	to   string // its path after the patch; "" if the patch deletes it
	at   string // its path on the new upstream
}

// name is what the report calls the file.
func (p place) name() string { return cmp.Or(p.from, p.to) }

// files merges each file of the patch. Those that go are first, for others may
// take their place.
func (g *merging) files(o *Outcome) error {
	o.Status = Merges
	places := g.places()
	slices.SortStableFunc(places, func(a, b place) int { return compareBool(b.to == "", a.to == "") })
	for _, p := range places {
		f, err := g.file(p)
		if err != nil {
			return fmt.Errorf("merging %s: %w", p.name(), err)
		}
		if f.Conflict {
			o.Status = Conflicts
		}
		if f.Conflict || f.Hunk > 0 || f.Renamed != "" {
			o.Files = append(o.Files, f)
		}
	}
	if o.Status == Conflicts { // what merged is not what a person has to look at
		o.Files = slices.DeleteFunc(o.Files, func(f FileOutcome) bool { return !f.Conflict })
	}
	return nil
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// places returns the files of the patch, sorted by their names.
func (g *merging) places() []place {
	base, theirs := g.move.base, g.move.theirs
	renamed := renamedBy(g.move)
	made := map[string]bool{}
	for _, to := range renamed {
		made[to] = true
	}
	var places []place
	for _, name := range slices.Sorted(maps.Keys(base)) {
		p := place{from: name, to: name, at: name}
		switch to, ok := renamed[name]; {
		case ok:
			p.to = to
		case made[name], base[name] == nil && theirs[name] == nil:
			continue
		case base[name] == nil:
			p.from = ""
		case theirs[name] == nil:
			p.to = ""
		}
		if p.from != "" && g.new.mode(p.from) == "" {
			p.at = cmp.Or(g.renames.find(p.from), p.at)
		}
		places = append(places, p)
	}
	return places
}

// file merges one file.
func (g *merging) file(p place) (FileOutcome, error) {
	base, theirs := g.move.base[p.from], g.move.theirs[p.to]
	ours, err := g.touch(p.at)
	if err != nil {
		return FileOutcome{}, err
	}
	dst, clash, err := g.destination(p)
	if err != nil {
		return FileOutcome{}, err
	}
	merged, err := g.merge(base, ours, theirs)
	if err != nil {
		return FileOutcome{}, err
	}
	merged.why = cmp.Or(clash, merged.why)
	if theirs == nil && p.at != p.from && ours != nil {
		merged = mergedFile{nil, ours, "the patch deletes it, and upstream renamed it"}
	}
	merged = g.put(p, dst, merged)
	f := misfit(g.move.diffs, p, ours)
	if dst != p.name() {
		f.Renamed = dst
	}
	if merged.why != "" {
		f.Why, f.Conflict = merged.why, true
		g.marks[dst] = cmp.Or(g.rebase.marked[dst], &marked{
			patch: g.move.Name, old: cmp.Or(p.to, p.from), base: base, ours: ours, shown: merged.shown,
		})
	}
	return f, nil
}

// put makes the merged file the one at dst, unless it cannot be there.
func (g *merging) put(p place, dst string, merged mergedFile) mergedFile {
	if dst != p.at {
		g.new.set(p.at, nil)
	}
	g.new.set(dst, merged.decided)
	if bad := g.new.misplaced(dst); bad != "" {
		g.new.set(dst, g.ours[dst])
		return mergedFile{g.ours[dst], g.ours[dst], "it cannot be created: " + bad}
	}
	return merged
}

// touch returns a file of the new tree, and notes that the patch touches it.
func (g *merging) touch(name string) (*file, error) {
	f, err := g.new.read(name)
	if _, ok := g.ours[name]; !ok {
		g.ours[name] = f
	}
	return f, err
}

// destination returns where the merged file belongs, and why that is a conflict, if
// it is one.
func (g *merging) destination(p place) (dst, why string, err error) {
	switch {
	case p.to == "", p.to == p.from, p.to == p.at:
		return p.at, "", nil
	case p.from == "":
		return p.to, "", nil
	}
	there, err := g.touch(p.to)
	switch {
	case p.at != p.from:
		why = fmt.Sprintf("the patch renames it to %s, and upstream to %s", p.to, p.at)
	case there != nil:
		why = fmt.Sprintf("the patch renames it to %s, which upstream has already", p.to)
	}
	return p.to, why, err
}

// mergedFile is what became of a file; nil is none.
type mergedFile struct {
	decided *file  // with each conflict decided for the patch
	shown   *file  // with conflicts between marks
	why     string // what conflicts, if anything does
}

// merge merges one file; nil is none.
func (g *merging) merge(base, ours, theirs *file) (mergedFile, error) {
	switch {
	case sameFile(ours, base), sameFile(ours, theirs):
		return mergedFile{theirs, theirs, ""}, nil
	case sameFile(base, theirs):
		return mergedFile{ours, ours, ""}, nil
	case ours == nil:
		return mergedFile{theirs, theirs, "upstream deleted it; the patched file is unchanged"}, nil
	case theirs == nil:
		return mergedFile{nil, ours, "the patch deletes it, and upstream changed it"}, nil
	}
	mode := theirs.mode
	if base != nil && base.mode == theirs.mode {
		mode = ours.mode
	}
	if mode == filetree.Link || ours.binary() || theirs.binary() {
		return mergedFile{theirs, theirs, "upstream changed it too, and it is not text; it is as the patch has it"}, nil
	}
	merged, err := g.Merge(base.text(), ours.content(), theirs.content())
	m := mergedFile{shown: &file{mode, splitLines(merged.Text)}}
	m.decided = m.shown
	if merged.Conflicts > 0 {
		m.decided = &file{mode, splitLines(merged.Decided)}
		m.why = fmt.Sprintf("%d of its merged places conflict", merged.Conflicts)
	}
	return m, err
}

// misfit says where a file of the patch does not fit what it meets.
func misfit(diffs []FileDiff, p place, meets *file) FileOutcome {
	f := FileOutcome{File: p.name()}
	for _, d := range diffs {
		if cmp.Or(d.Old, d.New) != f.File || meets == nil {
			continue
		}
		if _, _, c := d.lay(meets.lines); c != nil {
			f.Hunk, f.Line, f.Expected, f.Found = c.Hunk, c.Line, c.Expected, c.Found
			break
		}
	}
	return f
}

func sameFile(a, b *file) bool { return a == b || a != nil && b != nil && a.same(b) }

func sameFiles(a, b map[string]*file) bool { return maps.EqualFunc(a, b, sameFile) }

func (f *file) binary() bool { return bytes.IndexByte(f.content(), 0) >= 0 }

// text returns the file's content; of no file, nothing.
func (f *file) text() []byte {
	if f == nil {
		return nil
	}
	return f.content()
}
