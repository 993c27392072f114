package series

import (
	"strings"
	"testing"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/patches"
)

// change is a file with a content; without one it is deleted.
func change(name, content string) []filetree.Change {
	if content == "" {
		return []filetree.Change{{Path: name, Deleted: true}}
	}
	return []filetree.Change{{Path: name, Mode: filetree.Regular, Content: []byte(content)}}
}

// TestSolved has two patches laid out, the first in a conflict without marks, and what
// somebody makes of the commits.
func TestSolved(t *testing.T) {
	const mine, other = "0001-a.patch", "0002-b.patch"
	laid := func(conflict, more []filetree.Change) workTree {
		l := layout{
			steps: []patches.Step{
				{Patch: patches.Patch{Name: mine}, Changes: conflict}, {Patch: patches.Patch{Name: other}, Changes: more},
			},
			unmarked: [][]patches.FileOutcome{{{File: "rules", Conflict: true, Why: "it is not text"}}, nil},
		}
		return workTree{Unsolved: l.unsolved()}
	}
	commit := func(patch string, noted bool, changes []filetree.Change) gitrepo.Revision {
		r := gitrepo.Revision{Name: patch, Changes: changes}
		if noted {
			r.Unsolved = []string{"rules"}
		}
		return r
	}
	const refused = "src/rules conflicts in " + mine + ", and nobody has solved that: it is not text"
	link := []filetree.Change{{Path: "rules", Mode: filetree.Link, Content: []byte("left")}}
	left := change("rules", "left")
	for name, c := range map[string]struct {
		conflict, more []filetree.Change
		commits        []gitrepo.Revision
		refused        bool
	}{
		"as it was laid out":    {left, nil, []gitrepo.Revision{commit(mine, true, left), commit(other, false, nil)}, true},
		"behind another":        {left, nil, []gitrepo.Revision{commit(other, false, nil), commit(mine, true, left)}, true},
		"squashed into another": {left, nil, []gitrepo.Revision{commit(other, true, left)}, true},
		"with more to other files": {left, nil,
			[]gitrepo.Revision{commit(mine, true, append(change("berths", "x"), left...))}, true},
		"changed in its commit": {left, nil, []gitrepo.Revision{commit(mine, true, change("rules", "solved"))}, false},
		"changed after it": {left, nil,
			[]gitrepo.Revision{commit(mine, true, left), commit("", false, change("rules", "solved"))}, false},
		"deleted":                     {left, nil, []gitrepo.Revision{commit(mine, true, change("rules", ""))}, false},
		"made a link":                 {left, nil, []gitrepo.Revision{commit(mine, true, link)}, false},
		"said to be right":            {left, nil, []gitrepo.Revision{commit(mine, false, left)}, false},
		"dropped":                     {left, nil, []gitrepo.Revision{commit(other, false, nil)}, false},
		"left as upstream has it":     {nil, nil, []gitrepo.Revision{commit(mine, true, nil)}, true},
		"deleted as the patch had it": {nil, nil, []gitrepo.Revision{commit(mine, true, change("rules", ""))}, false},
		"changed by a later patch, as before": {left, change("rules", "later"),
			[]gitrepo.Revision{commit(mine, true, left), commit(other, false, change("rules", "later"))}, true},
	} {
		t.Run(name, func(t *testing.T) {
			err := laid(c.conflict, c.more).checkSolved("src", gitrepo.History{Commits: c.commits})
			if (err != nil) != c.refused || err != nil && !strings.HasPrefix(err.Error(), refused) {
				t.Errorf("checkSolved() = %v, refused: %v", err, c.refused)
			}
		})
	}
}

func TestUnmarked(t *testing.T) {
	marks := "one\n<<<<<<< upstream\ntwo\n=======\nthree\n>>>>>>> patch\n"
	o := patches.Outcome{
		Files: []patches.FileOutcome{
			{File: "marked", Conflict: true}, {File: "binary", Conflict: true}, {File: "gone", Conflict: true},
			{File: "kept", Conflict: true}, {File: "merged"},
		},
		Changes: append(append(change("marked", marks), change("binary", "\x00")...), change("gone", "")...),
	}
	var got []string
	for _, f := range unmarked(o) {
		got = append(got, f.File)
	}
	if strings.Join(got, " ") != "binary gone kept" {
		t.Errorf("unmarked() = %q", got)
	}
}

// TestWithLeftOut has patches of which upstream.exclude leaves nothing, and which no
// commit is made of: they stay where they are.
func TestWithLeftOut(t *testing.T) {
	named := func(names string) []patches.Patch {
		var out []patches.Patch
		for name := range strings.FieldsSeq(names) {
			file := "log"
			if strings.HasPrefix(name, "v") {
				file = "vendor/log"
			}
			out = append(out, patches.Patch{Name: name, Strip: 1, Exclude: []string{"vendor/**"},
				Data: []byte("--- a/" + file + "\n+++ b/" + file + "\n@@ -1 +1 @@\n-x\n+y\n")})
		}
		return out
	}
	for _, c := range []struct{ series, now, want string }{
		{"a b", "a b", "a b"},
		{"a v1 b", "a b", "a v1 b"},
		{"v1 v2 a", "a", "v1 v2 a"},
		{"a v1", "new a", "new a v1"},
		{"a v1 b v2", "b a", "b v2 a v1"},
		{"a v1 b", "b", "v1 b"},
		{"v1", "", "v1"},
	} {
		if got := strings.Join(namesOf(withLeftOut(named(c.now), named(c.series))), " "); got != c.want {
			t.Errorf("the commits %q of the series %q become %q, want %q", c.now, c.series, got, c.want)
		}
	}
}
