package patches

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/filetree"
)

// numbers returns the lines from a to b.
func numbers(a, b int) string {
	var s strings.Builder
	for i := a; i <= b; i++ {
		fmt.Fprintf(&s, "%d\n", i)
	}
	return s.String()
}

// seriesOf names patches 1.patch, 2.patch and so on.
func seriesOf(patches ...string) []Patch {
	var series []Patch
	for i, p := range patches {
		series = append(series, Patch{Name: fmt.Sprintf("%d.patch", i+1), Strip: 1, Data: []byte(p)})
	}
	return series
}

// edit10 makes line 10 of x ten, among three lines before and after.
const edit10 = "--- a/x\n+++ b/x\n@@ -7,7 +7,7 @@\n 7\n 8\n 9\n-10\n+ten\n 11\n 12\n 13\n"

func made(name, mode, line string) string {
	return fmt.Sprintf("diff --git a/%s b/%s\nnew file mode %s\n--- /dev/null\n+++ b/%s\n@@ -0,0 +1 @@\n+%s\n", name, name,
		mode, name, line)
}

func madeLink(name, target string) string {
	return made(name, "120000", target) + "\\ No newline at end of file\n"
}

func deleted(name, mode, line string) string {
	return fmt.Sprintf("diff --git a/%s b/%s\ndeleted file mode %s\n--- a/%s\n+++ /dev/null\n@@ -1 +0,0 @@\n-%s\n", name,
		name, mode, name, line)
}

func changed(name, from, to string) string {
	return fmt.Sprintf("--- a/%s\n+++ b/%s\n@@ -1 +1 @@\n-%s\n+%s\n", name, name, from, to)
}

func renamed(from, to string) string {
	return fmt.Sprintf("diff --git a/%s b/%s\nsimilarity index 100%%\nrename from %s\nrename to %s\n", from, to, from, to)
}

func copied(from, to string) string {
	return strings.ReplaceAll(renamed(from, to), "\nrename", "\ncopy")
}

func chmod(name, from, to string) string {
	return fmt.Sprintf("diff --git a/%s b/%s\nold mode %s\nnew mode %s\n", name, name, from, to)
}

func TestApply(t *testing.T) {
	dos := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	for _, c := range []struct {
		name  string
		base  files
		patch []string
		want  files
		moved []Move
	}{
		{name: "no patch", base: files{"x": "1\n"}, want: files{"x": "1\n"}},
		{
			name: "two hunks", base: files{"x": numbers(1, 30), "y": "y"},
			patch: []string{"--- a/x\n+++ b/x\n@@ -1,3 +1,4 @@\n+0\n 1\n 2\n 3\n@@ -27,4 +28,3 @@\n 27\n 28\n 29\n-30\n"},
			want:  files{"x": "0\n" + numbers(1, 29), "y": "y"},
		},
		{
			name:  "moved, and the next as far, though it fits where it says",
			base:  files{"x": "a\nb\n" + numbers(1, 20) + strings.Repeat("z\n", 20)},
			patch: []string{edit10 + "@@ -28,7 +28,8 @@\n z\n z\n z\n+y\n z\n z\n z\n z\n"},
			want: files{"x": "a\nb\n" + numbers(1, 9) + "ten\n" + numbers(11, 20) + strings.Repeat("z\n", 10) + "y\n" +
				strings.Repeat("z\n", 10)},
			moved: []Move{{"1.patch", "x", 1, 9, 2}, {"1.patch", "x", 2, 30, 2}},
		},
		{
			name: "moved up", base: files{"x": numbers(4, 20)}, patch: []string{edit10},
			want:  files{"x": numbers(4, 9) + "ten\n" + numbers(11, 20)},
			moved: []Move{{"1.patch", "x", 1, 4, -3}},
		},
		{
			name: "the nearer place", base: files{"x": "a\nb\n" + numbers(7, 13) + numbers(7, 13)}, patch: []string{edit10},
			want:  files{"x": "a\nb\n" + numbers(7, 13) + "7\n8\n9\nten\n11\n12\n13\n"},
			moved: []Move{{"1.patch", "x", 1, 10, 3}},
		},
		{
			name: "of places equally near the later", base: files{"x": numbers(7, 13) + "a\nb\nc\nd\ne\n" + numbers(7, 13)},
			patch: []string{edit10},
			want:  files{"x": numbers(7, 13) + "a\nb\nc\nd\ne\n7\n8\n9\nten\n11\n12\n13\n"},
			moved: []Move{{"1.patch", "x", 1, 13, 6}},
		},
		{
			name: "moved with the end", base: files{"x": numbers(0, 10)},
			patch: []string{"--- a/x\n+++ b/x\n@@ -7,3 +7,4 @@\n 8\n 9\n 10\n+11\n"},
			want:  files{"x": numbers(0, 11)},
			moved: []Move{{"1.patch", "x", 1, 9, 2}},
		},
		{
			name: "what comes is only new lines", base: files{"x": "\n", "y": ""},
			patch: []string{"--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n\n+\n--- a/y\n+++ b/y\n@@ -0,0 +1 @@\n+y\n"},
			want:  files{"x": "\n\n", "y": "y\n"},
		},
		{
			name: "final newlines come and go", base: files{"x": "a", "y": "a\n", "z": "1\na"},
			patch: []string{"--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n-a\n\\ No newline\n+a\n+b\n--- a/y\n+++ b/y\n@@ -1 +1 @@\n-a\n" +
				"+a\n\\ No newline\n" +
				"--- a/z\n+++ b/z\n@@ -1,2 +1,2 @@\n-1\n+2\n a\n\\ No newline\n"},
			want: files{"x": "a\nb\n", "y": "a", "z": "2\na"},
		},
		{
			name: "DOS lines", base: files{"x": dos(numbers(1, 13))},
			patch: []string{"--- a/x\n+++ b/x\n@@ -9,3 +9,3 @@\n" + dos(" 9\n-10\n+ten\n 11\n")},
			want:  files{"x": dos(numbers(1, 9) + "ten\n" + numbers(11, 13))},
		},
		{
			name: "each patch on the one before", base: files{"x": "a\n"},
			patch: []string{changed("x", "a", "b"), changed("x", "b", "c"), renamed("x", "y"), changed("y", "c", "d"),
				made("x", "100755", "new")},
			want: files{"y": "d\n", "x*": "new\n"},
		},
		{name: "there and back", base: files{"x": "a\n"}, patch: []string{changed("x", "a", "b"), changed("x", "b", "a")},
			want: files{"x": "a\n"}},
		{name: "made and deleted", base: files{"x": "a\n"},
			patch: []string{made("y", "100644", "y") + deleted("y", "100644", "y")}, want: files{"x": "a\n"}},
		{
			name: "modes", base: files{"x": "a\n", "y*": "a\n", "z*": "a\n"},
			patch: []string{chmod("x", "100644", "100755") + chmod("y", "100755", "100644") +
				"diff --git a/z b/z\nindex 1..2 100644\n--- a/z\n+++ b/z\n@@ -1 +1 @@\n-a\n+b\n"},
			want: files{"x*": "a\n", "y": "a\n", "z*": "b\n"}, // an index line only mentions the mode
		},
		{
			name: "renames and copies are of the tree before", base: files{"a*": "a\n", "b": "b\n", "c": "c\n"},
			patch: []string{changed("c", "c", "C") + copied("c", "c2") + renamed("a", "b") + renamed("b", "a")},
			want:  files{"a": "b\n", "b*": "a\n", "c": "C\n", "c2": "c\n"},
		},
		{
			name: "links", base: files{"l@": "x", "x": "a\n", "d/e/f": "f\n", "m@": "x"},
			patch: []string{
				deleted("l", "120000", "x") + "\\ No newline at end of file\n" + made("l", "100644", "l") +
					madeLink("d/e/l", "../../x"),
				"diff --git a/d/e/l b/d/e/l\nindex 1..2 120000\n--- a/d/e/l\n+++ b/d/e/l\n@@ -1 +1 @@\n-../../x\n" +
					"\\ No newline\n+./f\n\\ No newline\n" + renamed("m", "n"),
			},
			want: files{"l": "l\n", "x": "a\n", "d/e/f": "f\n", "d/e/l@": "./f", "n@": "x"},
		},
		{
			name: "a link and a file in place of folders", base: files{"d/x": "x\n", "e/f/x": "x\n", "e/y": "y\n"},
			patch: []string{madeLink("d", "e") + deleted("d/x", "100644", "x"),
				made("e/f", "100644", "f") + deleted("e/f/x", "100644", "x")},
			want: files{"d@": "e", "e/f": "f\n", "e/y": "y\n"},
		},
		{
			name: "folders in place of a link and a file", base: files{"d@": "e", "e": "e\n"},
			patch: []string{deleted("d", "120000", "e") + "\\ No newline at end of file\n" + made("d/x", "100644", "x"),
				renamed("e", "e/e")},
			want: files{"d/x": "x\n", "e/e": "e\n"},
		},
		{name: "empty files", base: files{"x": ""},
			patch: []string{"diff --git a/x b/x\ndeleted file mode 100644\ndiff --git a/y b/y\nnew file mode 100644\n"},
			want:  files{"y": ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := c.base.lay(t, t.TempDir())
			got, err := Apply(base, seriesOf(c.patch...))
			must(t, err)
			if after := c.base.after(got.Changes); !maps.Equal(after, c.want) {
				t.Errorf("got %q, want %q", after, c.want)
			}
			if !reflect.DeepEqual(got.Moved, c.moved) {
				t.Errorf("moved: got %+v, want %+v", got.Moved, c.moved)
			}
			checkChanges(t, base, got.Changes)
		})
	}
}

// checkChanges fails unless the changes are sorted, change something, and make
// a tree that can be laid.
func checkChanges(t *testing.T, base filetree.Dir, changes []filetree.Change) {
	t.Helper()
	tree := base.Tree.Changed(changes)
	differ := base.Tree.Differ(tree)
	var names []string
	for _, c := range changes {
		checkName(t, c.Path)
		names = append(names, c.Path)
	}
	if !slices.Equal(differ, names) {
		t.Errorf("the changes are of %q, the differences of %q", names, differ)
	}
	for _, e := range tree {
		if len(tree.Below(e.Path)) > 0 {
			t.Errorf("%s is a file and a folder", e.Path)
		}
	}
}

func TestApplyRefuses(t *testing.T) {
	base := files{"x": "a\n", "x2": "a\n", "run*": "a\n", "d/y": "y\n", "l@": "d", "deep/l@": "../x", "two": "a\nb\n"}
	for _, c := range []struct {
		name  string
		patch []string
		err   string // behind "N.patch does not apply\n  ", N being the last
	}{
		{"missing", []string{changed("nix", "a", "b")}, "nix does not exist (1.patch:1)"},
		{"missing, to delete", []string{deleted("nix", "100644", "a")}, "nix does not exist (1.patch:1)"},
		{"missing, to rename", []string{renamed("nix", "y")}, "nix does not exist (1.patch:1)"},
		{"missing, to copy", []string{copied("nix", "y")}, "nix does not exist (1.patch:1)"},
		{"deleted before", []string{deleted("x", "100644", "a"), changed("x", "a", "b")}, "x does not exist (2.patch:1)"},
		{"renamed away", []string{changed("x", "a", "b") + renamed("x", "y")}, "x does not exist (1.patch:1)"},
		{"renamed twice", []string{renamed("x", "y") + renamed("x", "z")}, "x is renamed twice (1.patch:5)"},
		{"a folder", []string{changed("d", "a", "b")}, "d is a folder (1.patch:1)"},
		{"made over a file", []string{made("x", "100644", "b")}, "x already exists (1.patch:1)"},
		{"made over the same file", []string{made("x", "100644", "a")},
			"x already exists, and looks as the patch would make it (1.patch:1)"},
		{"made twice", []string{made("n", "100644", "b"), made("n", "100755", "b")}, "n already exists (2.patch:1)"},
		{"rename over a file", []string{renamed("x", "run")}, "run already exists (1.patch:1)"},
		{"copy over a file", []string{copied("x", "run")}, "run already exists (1.patch:1)"},
		{"made over a folder", []string{made("d", "100644", "b")}, "d cannot be created: it is a folder (1.patch:1)"},
		{"made over a new folder", []string{made("n/o/p", "100644", "b"), made("n/o", "100644", "b")},
			"n/o cannot be created: it is a folder (2.patch:1)"},
		{"made below a file", []string{made("x/y/z", "100644", "b")}, "x/y/z cannot be created: x is a file (1.patch:1)"},
		{"renamed below a file", []string{renamed("x", "run/x")}, "run/x cannot be created: run is a file (1.patch:1)"},
		{"delete leaves lines", []string{"--- a/two\n+++ /dev/null\n@@ -1,2 +1 @@\n-a\n b\n"},
			"two is to be deleted, but 1 of its lines would stay (1.patch:1)"},
		{"delete without content", []string{"diff --git a/x b/x\ndeleted file mode 100644\n"},
			"x is to be deleted, but 1 of its lines would stay (1.patch:1)"},
		{"other mode", []string{chmod("x", "100755", "100644")}, "x has mode 100644, and the patch says 100755 (1.patch:1)"},
		{"other mode, to delete", []string{deleted("run", "100644", "a")},
			"run has mode 100755, and the patch says 100644 (1.patch:1)"},
		{"a hunk on a link", []string{"--- a/l\n+++ b/l\n@@ -1 +1 @@\n-d\n\\ No newline\n+x\n\\ No newline\n"},
			"l is a symbolic link, and the patch is of a file (1.patch:1)"},
		{"a link's hunk on a file",
			[]string{"diff --git a/x b/x\nindex 1..2 120000\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"},
			"x is a file, and the patch is of a symbolic link (1.patch:1)"},
		{"a link's mode", []string{chmod("l", "100644", "100755")},
			"l is a symbolic link, and the patch is of a file (1.patch:1)"},
		{"through a link", []string{changed("l/y", "y", "z")},
			"l/y does not exist: it goes through the symbolic link l (1.patch:1)"},
		{"made through a link", []string{made("l/sub/z", "100644", "z")},
			"l/sub/z cannot be created: it goes through the symbolic link l (1.patch:1)"},
		{"made through a new link", []string{madeLink("k", "d"), made("k/z", "100644", "z")},
			"k/z cannot be created: it goes through the symbolic link k (2.patch:1)"},
		{"made through a link of the same patch", []string{madeLink("k", "d") + made("k/z", "100644", "z")},
			"k cannot be created: it is a folder (1.patch:1)\n" +
				"1.patch does not apply\n  k/z cannot be created: it goes through the symbolic link k (1.patch:8)"},
		{"renamed through a link", []string{renamed("x", "l/x")},
			"l/x cannot be created: it goes through the symbolic link l (1.patch:1)"},
		{"link over a folder", []string{madeLink("d", "x")}, "d cannot be created: it is a folder (1.patch:1)"},
		{"link out", []string{madeLink("e/k", "../../d")},
			"e/k would be a symbolic link to ../../d, which is outside the tree (1.patch:1)"},
		{"link to above", []string{madeLink("k", "..")},
			"k would be a symbolic link to .., which is outside the tree (1.patch:1)"},
		{"link to the root", []string{madeLink("k", "/etc/passwd")},
			`k would be a symbolic link to "/etc/passwd", which is not a relative name (1.patch:1)`},
		{"link to .git", []string{madeLink("k", "d/../.Git/config")},
			"k would be a symbolic link to d/../.Git/config, which goes back up from a folder (1.patch:1)"},
		{"link into .git", []string{madeLink("k", "sub/.Git/config")},
			"k would be a symbolic link to sub/.Git/config, which is in a .git folder (1.patch:1)"},
		{"link out by a link", []string{madeLink("k", "deep/er/../x")},
			"k would be a symbolic link to deep/er/../x, which goes back up from a folder (1.patch:1)"},
		{"link with a newline", []string{made("k", "120000", "d")},
			`k would be a symbolic link to "d\n", which is not a relative name (1.patch:1)`},
		{"link to nothing", []string{"diff --git a/k b/k\nnew file mode 120000\n"},
			`k would be a symbolic link to "", which is not a relative name (1.patch:1)`},
		{"link moved so that it leads out", []string{renamed("deep/l", "l2")},
			"l2 would be a symbolic link to ../x, which is outside the tree (1.patch:1)"},
		{
			"all files at once", []string{changed("x", "b", "c") + changed("nix", "a", "b") + changed("x2", "a", "b") +
				changed("x", "b", "c") + changed("two", "x", "y") + renamed("nix2", "y")},
			"x, hunk 1 at line 1\n    expected  b\n    found     a\n" +
				"1.patch does not apply\n  nix does not exist (1.patch:6)\n" +
				"1.patch does not apply\n  two, hunk 1 at line 1\n    expected  x\n    found     a\n" +
				"1.patch does not apply\n  nix2 does not exist (1.patch:26)",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Apply(base.lay(t, t.TempDir()), seriesOf(c.patch...))
			want := fmt.Sprintf("%d.patch does not apply\n  %s", len(c.patch), c.err)
			if text(err) != want || got.Changes != nil {
				t.Errorf("got %v and\n%v\nwant\n%s", got, err, want)
			}
		})
	}
}

// TestApplyStops checks that a later patch is not tried on what an earlier one
// failed to make.
func TestApplyStops(t *testing.T) {
	base := files{"x": "a\n"}.lay(t, t.TempDir())
	_, err := Apply(base, seriesOf(changed("x", "a", "b"), changed("x", "a", "b"), "no diff"))
	if e, ok := errors.AsType[*ApplyError](err); !ok || e.Patch != "2.patch" || e.Applied != "1.patch" {
		t.Errorf("got %v", err)
	}
	_, err = Apply(base, seriesOf("no diff"))
	if e, ok := errors.AsType[*ParseError](err); !ok || e.Patch != "1.patch" ||
		text(err) != "1.patch:1: the patch contains no diff" {
		t.Errorf("got %v", err)
	}
	_, err = Apply(filetree.Dir{Path: base.Path + "/nowhere", Tree: base.Tree},
		seriesOf(changed("nix", "a", "b")+changed("x", "a", "b")))
	if _, ok := errors.AsType[*ApplyError](err); ok || err == nil {
		t.Errorf("a file of the tree that cannot be read: %v", err)
	}
	_, err = Steps(base, seriesOf(changed("x", "a", "b"), changed("x", "a", "b")))
	if e, ok := errors.AsType[*ApplyError](err); !ok || e.Patch != "2.patch" || e.Applied != "1.patch" {
		t.Errorf("Steps: got %v", err)
	}
	_, err = Rebase(Rebasing{Before: base, After: base, Series: seriesOf(changed("x", "a", "b"), changed("x", "a", "b"))})
	if e, ok := errors.AsType[*ApplyError](err); !ok || e.Patch != "2.patch" || e.Applied != "1.patch" {
		t.Errorf("Rebase: got %v", err)
	}
}
