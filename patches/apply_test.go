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
		series = append(series, Patch{fmt.Sprintf("%d.patch", i+1), 1, []byte(p)})
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

func TestApplyConflicts(t *testing.T) {
	indented := "func f() {\n\tif devicePath != \"\" {\n\t\treturn\n\t}\n}\n"
	for _, c := range []struct {
		name, base, patch string
		want              Conflict
	}{
		{
			name: "a line", base: indented,
			patch: "--- a/x\n+++ b/x\n@@ -1,4 +1,3 @@\n func f() {\n \tif len(devicePath) > 0 {\n-\t\treturn\n \t}\n",
			want:  Conflict{Hunk: 1, Line: 2, Expected: "if len(devicePath) > 0 {", Found: `if devicePath != "" {`},
		},
		{
			name:  "the place that is most alike",
			base:  numbers(101, 150) + strings.Replace(numbers(1, 20), "12\n", "twelve\n", 1),
			patch: edit10,
			want:  Conflict{Hunk: 1, Line: 62, Expected: "12", Found: "twelve"},
		},
		{
			name: "no such place", base: "a\nb\nc\nd\ne\nf\ng\nh\n", patch: edit10,
			want: Conflict{Hunk: 1, Line: 7, Expected: "7", Found: "g"},
		},
		{name: "past the end", base: "a\n", patch: edit10,
			want: Conflict{Hunk: 1, Line: 2, Expected: "7", Found: "(end of file)"}},
		{name: "ends early", base: numbers(1, 12), patch: edit10,
			want: Conflict{Hunk: 1, Line: 13, Expected: "13", Found: "(end of file)"}},
		{name: "applied", base: numbers(1, 9) + "ten\n" + numbers(11, 20), patch: edit10,
			want: Conflict{Hunk: 1, Line: 10, Expected: "10", Found: "ten", Already: true}},
		{
			name: "second hunk", base: numbers(1, 29) + "other\n" + numbers(31, 40),
			patch: edit10 + "@@ -27,7 +27,6 @@\n 27\n 28\n 29\n-30\n 31\n 32\n 33\n",
			want:  Conflict{Hunk: 2, Line: 30, Expected: "30", Found: "other"},
		},
		{
			name: "hunks keep their order", base: numbers(21, 40) + numbers(1, 20),
			patch: edit10 + "@@ -27,7 +27,6 @@\n 27\n 28\n 29\n-30\n 31\n 32\n 33\n",
			want:  Conflict{Hunk: 2, Line: 41, Expected: "27", Found: "(end of file)"},
		},
		{
			name: "space before", base: "\ta\n", patch: changed("x", "    a", "b"),
			want: Conflict{Hunk: 1, Line: 1, Expected: `"    a\n"`, Found: `"\ta\n"`},
		},
		{
			name: "space behind", base: "a\r\n", patch: changed("x", "a", "b"),
			want: Conflict{Hunk: 1, Line: 1, Expected: `"a\n"`, Found: `"a\r\n"`},
		},
		{name: "an empty line", base: "\n", patch: changed("x", "a", "b"),
			want: Conflict{Hunk: 1, Line: 1, Expected: "a", Found: "(an empty line)"}},
		{name: "no newline in the file", base: "a", patch: changed("x", "a", "b"),
			want: Conflict{Hunk: 1, Line: 1, Expected: "a", Found: "a (a line without a newline at its end)"}},
		{
			name: "no newline in the patch", base: "a\n", patch: "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n\\ No newline\n+b\n",
			want: Conflict{Hunk: 1, Line: 1, Expected: "a (a line without a newline at its end)", Found: "a"},
		},
		{
			name: "not the start", base: "0\n" + numbers(1, 9), patch: "--- a/x\n+++ b/x\n@@ -1,3 +1,4 @@\n+new\n 1\n 2\n 3\n",
			want: Conflict{Hunk: 1, Line: 1, Expected: "(start of file)", Found: "0"},
		},
		{
			name: "not the start, as for git", base: "0\n" + numbers(1, 9),
			patch: "--- a/x\n+++ b/x\n@@ -1,6 +1,7 @@\n 1\n 2\n 3\n+new\n 4\n 5\n 6\n",
			want:  Conflict{Hunk: 1, Line: 1, Expected: "(start of file)", Found: "0"},
		},
		{
			name: "not the end", base: numbers(1, 9), patch: "--- a/x\n+++ b/x\n@@ -5,3 +5,4 @@\n 5\n 6\n 7\n+new\n",
			want: Conflict{Hunk: 1, Line: 8, Expected: "(end of file)", Found: "8"},
		},
		{
			name: "no context at all", base: numbers(1, 9), patch: "--- a/x\n+++ b/x\n@@ -4 +4 @@\n-4\n+four\n",
			want: Conflict{Hunk: 1, Line: 5, Expected: "(end of file)", Found: "5"},
		},
		{
			name: "no newline to add behind", base: "1\n2", patch: "--- a/x\n+++ b/x\n@@ -2,0 +3 @@\n+3\n",
			want: Conflict{Hunk: 1, Line: 2, Expected: "(a newline at the end of the file)", Found: "2"},
		},
		{
			name: "deleted, but longer", base: "1\n2\n", patch: deleted("x", "100644", "1"),
			want: Conflict{Hunk: 1, Line: 2, Expected: "(end of file)", Found: "2"},
		},
		{
			name: "made from something", base: "", patch: "--- /dev/null\n+++ b/y\n@@ -1 +1 @@\n-1\n+2\n",
			want: Conflict{File: "y", Hunk: 1, Line: 1, Expected: "1", Found: "(end of file)"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := files{"x": c.base}.lay(t, t.TempDir())
			_, err := Apply(base, []Patch{{"0001-a.patch", 1, []byte(made("n", "100644", "n"))},
				{"0002-b.patch", 1, []byte(c.patch)}})
			if e, ok := errors.AsType[*ApplyError](err); !ok || e.Patch != "0002-b.patch" || e.Applied != "0001-a.patch" {
				t.Errorf("not an error of the second patch: %v", err)
			}
			if c.want.File == "" {
				c.want.File = "x"
			}
			got, ok := errors.AsType[*Conflict](err)
			if !ok {
				t.Fatalf("not a conflict: %v", err)
			}
			if *got != c.want {
				t.Errorf("got\n%+v\nwant\n%+v", *got, c.want)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	cinder := Conflict{
		File: "pkg/volume/cinder/attacher.go", Hunk: 3, Line: 214,
		Expected: "if len(devicePath) > 0 {", Found: `if devicePath != "" {`,
	}
	again := cinder
	again.Already = true
	for _, c := range []struct {
		err  error
		want string
	}{
		{&ApplyError{Patch: "0002-cinder-v2.patch", Faults: []error{&cinder}}, `0002-cinder-v2.patch does not apply
  pkg/volume/cinder/attacher.go, hunk 3 at line 214
    expected  if len(devicePath) > 0 {
    found     if devicePath != "" {`},
		{&ApplyError{Patch: "2.patch", Onto: "example.org/ship@v1.4.1",
			Faults: []error{&again, errors.New("x does not exist")}},
			`2.patch does not apply to example.org/ship@v1.4.1
  pkg/volume/cinder/attacher.go, hunk 3 at line 214
    expected  if len(devicePath) > 0 {
    found     if devicePath != "" {
  it looks applied already
2.patch does not apply to example.org/ship@v1.4.1
  x does not exist`},
		{&ParseError{Patch: "a.patch", Line: 7, Err: errors.New("no hunk")}, "a.patch:7: no hunk"},
		{&ParseError{Patch: "a.patch", Line: 7, Err: errors.New("no hunk"), Dir: "forks/ship-1.4/patches"},
			"forks/ship-1.4/patches/a.patch:7: no hunk"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("got\n%s\nwant\n%s", got, c.want)
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
		{"made over a file", []string{made("x", "100644", "b")}, "x exists already (1.patch:1)"},
		{"made over the same file", []string{made("x", "100644", "a")},
			"x exists already, and looks as the patch would make it (1.patch:1)"},
		{"made twice", []string{made("n", "100644", "b"), made("n", "100755", "b")}, "n exists already (2.patch:1)"},
		{"rename over a file", []string{renamed("x", "run")}, "run exists already (1.patch:1)"},
		{"copy over a file", []string{copied("x", "run")}, "run exists already (1.patch:1)"},
		{"made over a folder", []string{made("d", "100644", "b")}, "d cannot be there: it is a folder (1.patch:1)"},
		{"made over a new folder", []string{made("n/o/p", "100644", "b"), made("n/o", "100644", "b")},
			"n/o cannot be there: it is a folder (2.patch:1)"},
		{"made below a file", []string{made("x/y/z", "100644", "b")}, "x/y/z cannot be there: x is a file (1.patch:1)"},
		{"renamed below a file", []string{renamed("x", "run/x")}, "run/x cannot be there: run is a file (1.patch:1)"},
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
			"l/sub/z cannot be there: it goes through the symbolic link l (1.patch:1)"},
		{"made through a new link", []string{madeLink("k", "d"), made("k/z", "100644", "z")},
			"k/z cannot be there: it goes through the symbolic link k (2.patch:1)"},
		{"made through a link of the same patch", []string{madeLink("k", "d") + made("k/z", "100644", "z")},
			"k cannot be there: it is a folder (1.patch:1)\n" +
				"1.patch does not apply\n  k/z cannot be there: it goes through the symbolic link k (1.patch:8)"},
		{"renamed through a link", []string{renamed("x", "l/x")},
			"l/x cannot be there: it goes through the symbolic link l (1.patch:1)"},
		{"link over a folder", []string{madeLink("d", "x")}, "d cannot be there: it is a folder (1.patch:1)"},
		{"link out", []string{madeLink("e/k", "../../d")},
			"e/k would be a symbolic link to ../../d, which is outside the tree (1.patch:1)"},
		{"link to above", []string{madeLink("k", "..")},
			"k would be a symbolic link to .., which is outside the tree (1.patch:1)"},
		{"link to the root", []string{madeLink("k", "/etc/passwd")},
			`k would be a symbolic link to "/etc/passwd", which is not a relative name (1.patch:1)`},
		{"link to .git", []string{madeLink("k", "d/../.Git/config")},
			"k would be a symbolic link to d/../.Git/config, which goes up again behind a folder (1.patch:1)"},
		{"link into .git", []string{madeLink("k", "sub/.Git/config")},
			"k would be a symbolic link to sub/.Git/config, which is in a .git folder (1.patch:1)"},
		{"link out by a link", []string{madeLink("k", "deep/er/../x")},
			"k would be a symbolic link to deep/er/../x, which goes up again behind a folder (1.patch:1)"},
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
		text(err) != "1.patch:1: there is no diff in the patch" {
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
	_, err = Rebase(base, base, seriesOf(changed("x", "a", "b"), changed("x", "a", "b")), nil)
	if e, ok := errors.AsType[*ApplyError](err); !ok || e.Patch != "2.patch" || e.Applied != "1.patch" {
		t.Errorf("Rebase: got %v", err)
	}
}

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
		series := []Patch{{"1", 1, first}, {"2", 1, second}}
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
