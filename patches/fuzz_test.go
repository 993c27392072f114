package patches

import (
	"bytes"
	"cmp"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/filetree"
)

func FuzzApply(f *testing.F) {
	first := "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n"
	for _, s := range append(fuzzPatches(), edit10, madeLink("d", "x"), madeLink("l/k", "../x"),
		made("d", "100644", "d")+deleted("d/x", "100644", "one")) {
		f.Add([]byte(first), []byte(s))
		f.Add([]byte(s), []byte(first))
	}
	f.Add([]byte(renamed("x", "d/z")), []byte(copied("d/z", "l")))
	in := files{
		"x": "one\ntwo\nthree\n", "a.txt": "one\ntwo\nthree\n", "d/x": "one\ntwo", "run.sh*": "one\ntwo\nthree\n", "l@": "d",
		"d/l@": "../x", "empty": "",
	}
	base := in.lay(f, f.TempDir())
	f.Fuzz(func(t *testing.T, first, second []byte) {
		series := []Patch{{Name: "1", Strip: 1, Data: first}, {Name: "2", Strip: 1, Data: second}}
		got, err := Apply(base, series)
		if again, err2 := Apply(base, series); !reflect.DeepEqual(got, again) || text(err) != text(err2) {
			t.Errorf("twice is not the same: %+v, %v; %+v, %v", got, err, again, err2)
		}
		if err != nil {
			if got.Changes != nil || got.Moved != nil || err.Error()[0] != '1' && err.Error()[0] != '2' {
				t.Errorf("got %+v beside the error %v", got, err)
			}
			return
		}
		checkChanges(t, base, got.Changes)
		tree := base.Tree.Changed(got.Changes)
		for _, e := range tree {
			for l := range strings.SplitSeq(parents(e.Path), "\n") {
				if f, ok := tree.Lookup(l); ok {
					t.Errorf("%s lies below the %s %s", e.Path, f.Mode, l)
				}
			}
		}
		for _, c := range got.Changes {
			if c.Mode == filetree.Link {
				checkLink(t, c.Path, string(c.Content))
			}
		}
		checkSteps(t, base, series, tree)
	})
}

// parents returns the folders that name lies in, one a line.
func parents(name string) string {
	var dirs []string
	for i, c := range name {
		if c == '/' {
			dirs = append(dirs, name[:i])
		}
	}
	return strings.Join(dirs, "\n")
}

// checkLink walks the target of a new link, and fails if it leaves the tree.
func checkLink(t *testing.T, name, target string) {
	t.Helper()
	depth := strings.Count(name, "/")
	for c := range strings.SplitSeq(target, "/") {
		switch strings.ToLower(c) {
		case "..":
			depth--
		case "", ".":
		case ".git":
			depth = -1
		default:
			depth++
		}
		if depth < 0 {
			t.Fatalf("the link %s leads to %q", name, target)
		}
	}
	if target == "" || target[0] == '/' {
		t.Errorf("the link %s leads to %q", name, target)
	}
}

// checkSteps fails unless the patches make the same tree when each is applied
// to a tree that was written after the one before.
func checkSteps(t *testing.T, base filetree.Dir, series []Patch, want filetree.Tree) {
	t.Helper()
	got, err := Apply(base, series[:1])
	must(t, err)
	between, err := filetree.Dir{Path: t.TempDir()}.Update(t.Context(), base, got.Changes)
	must(t, err)
	got, err = Apply(between, series[1:])
	must(t, err)
	if differ := between.Tree.Changed(got.Changes).Differ(want); differ != nil {
		t.Errorf("one by one, the patches make other files: %q", differ)
	}
}

// fuzzPatches are seeds for what reads patches.
func fuzzPatches() []string {
	return []string{
		mail,
		"--- a/x\t1970-01-01 00:00:00 +0000\n+++ b/x\n@@ -0,0 +1 @@\n+x\n\\ No newline at end of file\n",
		"--- a/run.sh\n+++ b/run.sh\n@@ -1,3 +1,4 @@\n+#!\n one\n two\n three\n@@ -9 +10,0 @@\n-nine\n",
		"diff --git a/run.sh b/run.sh\nold mode 100755\nnew mode 100644\ndiff --git a/d/x b/y\nrename from d/x\n" +
			"rename to y\n",
		"diff --git a/d/x b/z\ncopy from d/x\ncopy to z\n--- a/d/x\n+++ b/z\n@@ -1,2 +1 @@\n-one\n two\n",
		"diff --git a/l b/l\ndeleted file mode 120000\n--- a/l\n+++ /dev/null\n@@ -1 +0,0 @@\n-d\n" +
			"\\ No newline at end of file\n" +
			"diff --git a/l b/l\nnew file mode 100644\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+d\n",
		"diff --git a/d b/d\nnew file mode 120000\n--- /dev/null\n+++ b/d\n@@ -0,0 +1 @@\n+../d\n" +
			"\\ No newline at end of file\n",
		"diff --git \"a/\\303\\274\" \"b/\\303\\274\"\nnew file mode 100755\ndiff --git a/.git/x b/.git/x\n" +
			"new file mode 100644\n",
		"--- a/l/x\n+++ b/l/x\n@@ -1 +1 @@\n-one\n+1\n",
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range fuzzPatches() {
		f.Add(uint8(1), []byte(s))
		f.Add(uint8(0), []byte(s))
	}
	f.Fuzz(func(t *testing.T, strip uint8, data []byte) {
		diffs, err := Parse(Patch{Name: "p", Strip: int(strip % 4), Data: data})
		if err != nil {
			if diffs != nil || !strings.HasPrefix(err.Error(), "p:") {
				t.Errorf("got %d diffs and %v", len(diffs), err)
			}
			return
		}
		for _, d := range diffs {
			checkName(t, d.Old)
			checkName(t, d.New)
			checkHunks(t, d.Hunks)
		}
		// What was understood is what it says: written anew, it reads the same.
		again, err := Parse(Patch{Name: "again", Strip: 1, Data: format(diffs)})
		must(t, err)
		if a, b := show(unplaced(again)), show(unplaced(diffs)); a != b {
			t.Errorf("got\n%s\nand, written anew,\n%s", b, a)
		}
	})
}

// checkName fails for a name that is not of a file in a tree.
func checkName(t *testing.T, name string) {
	t.Helper()
	for _, c := range strings.Split("/"+name, "/")[1:] {
		if name != "" && (c == "" || c == "." || c == ".." || strings.ToLower(c) == ".git") ||
			strings.ContainsAny(c, "\x00\n") {
			t.Errorf("accepted the name %q", name)
		}
	}
}

// checkHunks fails if the hunks do not have the lines they say.
func checkHunks(t *testing.T, hunks []Hunk) {
	t.Helper()
	for _, h := range hunks {
		count := map[byte]int{}
		for _, l := range h.Lines {
			count[l.Op]++
			if i := bytes.IndexByte(l.Text, '\n'); len(l.Text) == 0 || i >= 0 && i != len(l.Text)-1 {
				t.Errorf("not a line: %q", l.Text)
			}
		}
		if count[' ']+count['-'] != h.OldLines || count[' ']+count['+'] != h.NewLines || count['-']+count['+'] == 0 {
			t.Errorf("the hunk at line %d does not have the lines it says", h.Line)
		}
	}
}

// unplaced returns the diffs without their place in the patch, and with the
// modes that a git diff has to say.
func unplaced(diffs []FileDiff) []FileDiff {
	var out []FileDiff
	for _, d := range diffs {
		d.Line = 0
		if d.Old == "" {
			d.NewMode = cmp.Or(d.NewMode, filetree.Regular)
		}
		if d.New == "" {
			d.OldMode = cmp.Or(d.OldMode, filetree.Regular)
		}
		for i := range d.Hunks {
			d.Hunks[i].Line = 0
		}
		out = append(out, d)
	}
	return out
}

// format writes diffs in git's format.
func format(diffs []FileDiff) []byte {
	var b bytes.Buffer
	for _, d := range diffs {
		old, new := cmp.Or(d.Old, d.New), cmp.Or(d.New, d.Old)
		fmt.Fprintf(&b, "diff --git %s %s\n", quote("a/"+old), quote("b/"+new))
		switch word := map[bool]string{true: "copy", false: "rename"}[d.Copy]; {
		case d.Old == "":
			fmt.Fprintf(&b, "new file mode %s\n", cmp.Or(d.NewMode, filetree.Regular))
		case d.New == "":
			fmt.Fprintf(&b, "deleted file mode %s\n", cmp.Or(d.OldMode, filetree.Regular))
		case d.OldMode != d.NewMode:
			fmt.Fprintf(&b, "old mode %s\nnew mode %s\n", d.OldMode, d.NewMode)
			fallthrough
		default:
			if old != new {
				fmt.Fprintf(&b, "%s from %s\n%s to %s\n", word, quote(old), word, quote(new))
			}
			if d.OldMode == d.NewMode && d.OldMode != "" {
				fmt.Fprintf(&b, "index 1..2 %s\n", d.OldMode)
			}
		}
		if len(d.Hunks) > 0 {
			mark := map[string]string{"": "/dev/null"}
			fmt.Fprintf(&b, "--- %s\n+++ %s\n", cmp.Or(mark[d.Old], quote("a/"+d.Old)), cmp.Or(mark[d.New], quote("b/"+d.New)))
		}
		for _, h := range d.Hunks {
			fmt.Fprintf(&b, "@@ -%d,%d +%d,%d @@\n", h.OldStart, h.OldLines, h.NewStart, h.NewLines)
			for _, l := range h.Lines {
				fmt.Fprintf(&b, "%c%s", l.Op, l.Text)
				if !endsLine(l.Text) {
					b.WriteString("\n\\ No newline at end of file\n")
				}
			}
		}
	}
	return b.Bytes()
}

// quote quotes every byte.
func quote(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, `\%03o`, c)
	}
	return `"` + b.String() + `"`
}
