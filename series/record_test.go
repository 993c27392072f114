package series

import (
	"testing"

	"github.com/slipway-build/slipway/internal/gitrepo"
)

// Beside a work tree are the record of the last that was laid out and, where a run
// was killed, the next. Which of them tells of the tree depends on its commits.
func TestRecordOf(t *testing.T) {
	record := func(base string, ids ...string) workTree {
		w := workTree{Base: base}
		for _, id := range ids {
			w.Commits = append(w.Commits, workCommit{ID: id})
		}
		return w
	}
	for _, c := range []struct {
		name    string
		records []workTree
		has     []string // commits of the tree, the base first
		want    int      // index of the record; -1 none
	}{
		{"no record", nil, []string{"base", "a"}, -1},
		{"another base", []workTree{record("other", "a")}, []string{"base", "a"}, -1},
		{"as laid out", []workTree{record("base", "a", "b")}, []string{"base", "a", "b"}, 0},
		{"with a person's", []workTree{record("base", "a")}, []string{"base", "a", "mine"}, 0},
		{"with all rewritten", []workTree{record("base", "a")}, []string{"base", "mine"}, 0},
		{"less, before it is placed", []workTree{record("base", "a"), record("base")}, []string{"base", "a"}, 0},
		{"less, placed", []workTree{record("base", "a"), record("base")}, []string{"base"}, 1},
		{"less, placed, with a person's", []workTree{record("base", "a"), record("base")}, []string{"base", "mine"}, 1},
		{"more, before it is placed", []workTree{record("base"), record("base", "a")}, []string{"base"}, 0},
		{"more, placed", []workTree{record("base", "a"), record("base", "a", "b")}, []string{"base", "a", "b"}, 1},
		{"another base, placed", []workTree{record("base", "a"), record("other", "c")}, []string{"other", "c"}, 1},
		{"the same", []workTree{record("base", "a"), record("base", "a")}, []string{"base", "a"}, 0},
	} {
		h := gitrepo.History{Base: c.has[0], Tip: c.has[len(c.has)-1]}
		for _, id := range c.has[1:] {
			h.Commits = append(h.Commits, gitrepo.Revision{Commit: gitrepo.Commit{ID: id}})
		}
		for i := range c.records {
			c.records[i].Version = string(rune('0' + i))
		}
		got, ok := recordOf(c.records, h)
		if ok != (c.want >= 0) || ok && got.Version != string(rune('0'+c.want)) {
			t.Errorf("%s: it is %s (%v), want %d", c.name, got.Version, ok, c.want)
		}
	}
}
