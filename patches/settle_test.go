package patches

import (
	"strings"
	"testing"
)

// TestIndexLines has diffs that make two of 2, with ids on their index lines.
func TestIndexLines(t *testing.T) {
	id := func(s string, n int) string { return objectID([]byte(s), n > 40)[:n] }
	const before, after = "1\n2\n3\n", "1\ntwo\n3\n"
	const qp = "Content-Transfer-Encoding: quoted-printable\n"
	for _, c := range []struct{ name, from, to, odd, err string }{
		{"whole", id(before, 40), id(after, 40), "", ""},
		{"short", id(before, 7), id(after, 7), "", ""},
		{"of SHA-256", id(before, 64), id(after, 64), "", ""},
		{"short, of SHA-256", objectID([]byte(before), true)[:7], objectID([]byte(after), true)[:7], "", ""},
		{"of another base", id("1\n2\n3\n4\n", 40), id("1\ntwo\n3\n4\n", 40), "", ""},
		{"made up", "1111111", "2222222", "", ""},
		{"not said", "1", "2", "", ""},
		{"whole, and another", id(before, 40), id("other", 40), id(after, 40), ""},
		{"of SHA-256, and another", id(before, 64), id("other", 64), id(after, 64), ""},
		{"encoded, whole", id(before, 40), id(after, 40), "", ""},
		{"encoded, short, and another", id(before, 7), id("other", 7), id(after, 7), ""},
		{"encoded, whole, and another", id(before, 40), id("other", 40), "", "x is the file that the patch was made of, " +
			"but becomes git's object " + id(after, 40) + " instead of " + id("other", 40)},
		{"short, and another", id(before, 7), id("other", 7), id(after, 7), ""},
	} {
		patch := "diff --git a/x b/x\nindex " + c.from + ".." + c.to + " 100644\n" + count3
		if strings.HasPrefix(c.name, "encoded") {
			patch = mailOf(qp, patch)
		}
		result, err := Apply(files{"x": before}.lay(t, t.TempDir()), []Patch{{Name: "p", Strip: 1, Data: []byte(patch)}})
		odd := ""
		if len(result.Odd) > 0 {
			odd = result.Odd[0].Got
		}
		if odd != c.odd || (err == nil) != (c.err == "") || !strings.Contains(text(err), c.err) {
			t.Errorf("%s: got %+v, %v", c.name, result.Odd, err)
		}
	}
}

// TestNamesOfMarks has diffs whose lines name their file in more than one way.
func TestNamesOfMarks(t *testing.T) {
	marks := func(old, new, hunk string) string { return "--- " + old + "\n+++ " + new + "\n" + hunk }
	const edit, create, remove = "@@ -1 +1 @@\n-x\n+y\n", "@@ -0,0 +1 @@\n+y\n", "@@ -1 +0,0 @@\n-x\n"
	for _, c := range []struct {
		name, patch string
		want        files
		err         string
	}{
		{"marks are right", "diff --git a/old b/old\n" + marks("a/x", "b/x", edit), files{"x": "y\n", "z": "z\n"}, ""},
		{"the header has two", "diff --git a/old b/new\n" + marks("a/x", "b/x", edit), files{"x": "y\n", "z": "z\n"}, ""},
		{"the header has no prefix", "diff --git x x\n" + marks("a/x", "b/x", edit), files{"x": "y\n", "z": "z\n"}, ""},
		{"no marks", "diff --git a/x b/x\nindex 1..2 100644\n" + edit, files{"x": "y\n", "z": "z\n"}, ""},
		{"made without saying so", "diff --git a/n b/n\n" + marks("/dev/null", "b/n", create),
			files{"x": "x\n", "z": "z\n", "n": "y\n"}, ""},
		{"made under one name", "diff --git a/n b/n\nnew file mode 100644\n" + marks("a/n", "b/n", create),
			files{"x": "x\n", "z": "z\n", "n": "y\n"}, ""},
		{"made under another name", "diff --git a/o b/o\nnew file mode 100755\n" + marks("/dev/null", "b/n", create),
			files{"x": "x\n", "z": "z\n", "n*": "y\n"}, ""},
		{"deleted without saying so", "diff --git a/x b/x\n" + marks("a/x", "/dev/null", remove), files{"z": "z\n"}, ""},
		{"deleted under one name", "diff --git a/x b/x\ndeleted file mode 100644\n" + marks("a/x", "b/x", remove),
			files{"z": "z\n"}, ""},
		{"zeros before the mode", "diff --git a/n b/n\nnew file mode 0100755\n" + marks("/dev/null", "b/n", create),
			files{"x": "x\n", "z": "z\n", "n*": "y\n"}, ""},
		{"a mode of others", "diff --git a/n b/n\nnew file mode 100664\n" + marks("/dev/null", "b/n", create),
			files{"x": "x\n", "z": "z\n", "n": "y\n"}, ""},
		{"the old name is of a copy", marks("a/x.old", "b/x", edit), files{"x": "y\n", "z": "z\n"}, ""},
		{"both exist", marks("a/z", "b/x", edit), nil, "the diff names two files, z and x, and both exist (p:1)"},
		{"only the old one does", marks("a/x", "b/y", edit), nil,
			"the diff names two files, x and y, and only x exists (p:1)"},
		{"made, by the hunk alone", marks("a/n", "b/n", create), files{"x": "x\n", "z": "z\n", "n": "y\n"}, ""},
		{"marks and header", "diff --git a/x b/x\n" + marks("a/z", "b/x", edit), nil,
			"p:2: the line names z, but the header before it x"},
	} {
		base := files{"x": "x\n", "z": "z\n"}
		result, err := Apply(base.lay(t, t.TempDir()), []Patch{{Name: "p", Strip: 1, Data: []byte(c.patch)}})
		if got := base.after(result.Changes); err == nil && !equal(got, c.want) || !strings.HasSuffix(text(err), c.err) ||
			(err == nil) != (c.err == "") {
			t.Errorf("%s: got %q, %v", c.name, got, err)
		}
	}
}

// TestBlankLinesAreBack has hunks that lost blank lines at their end.
func TestBlankLinesAreBack(t *testing.T) {
	const hunk = "--- a/x\n+++ b/x\n@@ -1,%s +1,%s @@\n-1\n+one\n"
	patch := func(lines string) string { return strings.ReplaceAll(hunk, "%s", lines) }
	for _, c := range []struct{ name, patch, x, want string }{
		{"one", patch("2"), "1\n\n2\n", "one\n\n2\n"},
		{"two", patch("3"), "1\n\n\n2\n", "one\n\n\n2\n"},
		{"before a signature", patch("2") + "-- \n2.39.5\n", "1\n\n2\n", "one\n\n2\n"},
		{"before a cut signature", patch("2") + "--\n2.39.5\n", "1\n\n2\n", "one\n\n2\n"},
		{"before a diff", patch("2") + made("y", "100644", "y"), "1\n\n2\n", "one\n\n2\n"},
		{"before a plain diff", patch("2") + "--- a/y\n+++ b/y\n@@ -0,0 +1 @@\n+y\n", "1\n\n2\n", "one\n\n2\n"},
		{"with DOS lines", strings.ReplaceAll(patch("2"), "\n", "\r\n"), "1\r\n\r\n2\r\n", "one\r\n\r\n2\r\n"},
		{"the line is not blank", patch("2"), "1\n2\n", ""},
		{"three", patch("4"), "1\n\n\n\n", ""},
	} {
		base := files{"x": c.x}
		result, err := Apply(base.lay(t, t.TempDir()), []Patch{{Name: "p", Strip: 1, Data: []byte(c.patch)}})
		if got := base.after(result.Changes)["x"]; (err == nil) != (c.want != "") || err == nil && got != c.want {
			t.Errorf("%s: got %q, %v", c.name, got, err)
		}
	}
}
