package publish

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/slipway-build/slipway/repo/tree"
)

// A change is what a target is missing of a state.
type change struct {
	content []tree.File  // to bring there
	copies  []tree.Entry // to make there of content
	replacement
	had    map[string]tree.Entry // what the target says it has, by path
	ending []tree.Entry          // what it has and no longer needs, each with the time until which it stays
}

// A replacement is the files that readers start at, and that differ.
type replacement struct {
	indexes []tree.Entry
	commits []tree.File
}

// nothing reports whether the target needs no change at the time.
func (c change) nothing(now time.Time) bool {
	return len(c.content)+len(c.copies)+len(c.indexes)+len(c.commits) == 0 && len(ended(c.ending, now)) == 0
}

// difference compares what a target shows with next. Nothing is asked of the target.
func difference(shown *Shown, next Next, r Request) (change, error) {
	c := change{had: map[string]tree.Entry{}}
	for _, e := range slices.Concat(shown.Ending, shown.Files) {
		c.had[e.Path] = e
	}
	known := c.had
	if r.Repair {
		known = nil
	}
	for _, f := range next.Files {
		was, ok := known[f.Path]
		switch {
		case ok && was.SHA256 == f.SHA256:
		case f.Class != tree.Content:
			c.replace(f)
		case ok:
			return c, fmt.Errorf("%s is published with sha256:%s, and would be replaced by sha256:%s: what is at a "+
				"path of content never changes, so publish the new content as another version", f.Path, was.SHA256, f.SHA256)
		case f.Alias != "":
			c.copies = append(c.copies, f.Entry)
		default:
			c.content = append(c.content, f)
		}
	}
	c.ending = endingOf(shown, next, r)
	return c, nil
}

func (r *replacement) replace(f tree.File) {
	if f.Class == tree.Index {
		r.indexes = append(r.indexes, f.Entry)
	} else {
		r.commits = append(r.commits, f)
	}
}

// endingOf returns what the target has and next has not. A file that was needed until now stays
// for as long as somebody may have an index with it, however long ago next stopped needing it.
func endingOf(shown *Shown, next Next, r Request) []tree.Entry {
	ends := map[string]tree.Entry{}
	for _, e := range slices.Concat(shown.Ending, shown.Files) {
		if e.Until == "" {
			e.Until = r.Now.Add(r.Keep).UTC().Format(time.RFC3339)
		}
		ends[e.Path] = e
	}
	for _, f := range next.Files {
		delete(ends, f.Path)
	}
	return slices.SortedFunc(maps.Values(ends), tree.Compare)
}

// ended returns the entries whose time has passed.
func ended(entries []tree.Entry, now time.Time) []tree.Entry {
	var past []tree.Entry
	for _, e := range entries {
		if until, err := time.Parse(time.RFC3339, e.Until); err == nil && !until.After(now) {
			past = append(past, e)
		}
	}
	return past
}

func countOf(entries []tree.Entry) Count {
	var c Count
	for _, e := range entries {
		c.add(e)
	}
	return c
}

func (c *Count) add(e tree.Entry) { c.Files, c.Bytes = c.Files+1, c.Bytes+e.Size }
