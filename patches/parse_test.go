package patches

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// lines returns the lines of a hunk, each with its op before it.
func lines(s ...string) []Line {
	var ls []Line
	for _, l := range s {
		ls = append(ls, Line{l[0], []byte(l[1:])})
	}
	return ls
}

const mail = `From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001
From: A <a@example.org>
Date: Sat, 3 Feb 2001 04:05:06 +0000
Subject: [PATCH 1/2] Say --- more
 in the subject

--- not a diff, and neither is this
+ or this

Signed-off-by: A <a@example.org>
---
 a.txt | 4 ++--
 1 file changed, 2 insertions(+), 2 deletions(-)

diff --git a/a.txt b/a.txt
index 1111111..2222222 100644
--- a/a.txt
+++ b/a.txt
@@ -1,3 +1,3 @@
 one
-two
+2
 three
@@ -10,2 +10,3 @@ func f() {
 ten

+eleven
-- 
2.39.5

`

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, patch string
		strip       int
		want        []FileDiff
	}{
		{
			name: "a mail", strip: 1, patch: mail,
			want: []FileDiff{{Line: 15, Old: "a.txt", New: "a.txt", OldMode: "100644", NewMode: "100644",
				Index: "1111111..2222222", Hunks: []Hunk{
					{19, 1, 3, 1, 3, lines(" one\n", "-two\n", "+2\n", " three\n")},
					{24, 10, 2, 10, 3, lines(" ten\n", " \n", "+eleven\n")},
				}}},
		},
		{
			name: "plain, two files, no newline, DOS lines", strip: 1,
			patch: "--- x-1/a\t2001-02-03 04:05:06 +0000\n+++ x-2/a\t1970-01-01 00:00:01 +0000\n@@ -1 +1 @@\n-a\n" +
				"\\ No newline at end of file\n+b\n\\ Kein Zeilenumbruch\n" +
				"--- x-1/b c\n+++ x-2/b c\n@@ -0,0 +1 @@\n+x\r\n\nOnly in x-2: d\n",
			want: []FileDiff{
				{Line: 1, Old: "a", New: "a", Hunks: []Hunk{{3, 1, 1, 1, 1, lines("-a", "+b")}}},
				{Line: 8, Old: "b c", New: "b c", Hunks: []Hunk{{10, 0, 0, 1, 1, lines("+x\r\n")}}},
			},
		},
		{
			name: "plain, made and deleted", strip: 0,
			patch: "--- /dev/null\n+++ a\n@@ -0,0 +1 @@\n+x\n--- b\n+++ /dev/null\t2001-01-01\n@@ -1 +0,0 @@\n-x\n" +
				"--- c\t1970-01-01 01:00:00.000000000 +0100\n+++ c\t2001-02-03 04:05:06\n@@ -0,0 +1 @@\n+x\n" +
				"--- d\t2001-02-03 04:05:06\n+++ d\t1970-01-01 00:00:00\n@@ -1 +0,0 @@\n-x\n" +
				"--- e\t1970-01-01 00:00:00 +0000\n+++ e\t1970-01-01 00:00:00 +0000\n@@ -1 +1 @@\n-x\n+y\n" +
				"--- f.orig\t2001-02-03 04:05:06\n+++ f\n@@ -1 +1 @@\n-x\n+y\n",
			want: []FileDiff{
				{Line: 1, New: "a", Hunks: []Hunk{{3, 0, 0, 1, 1, lines("+x\n")}}},
				{Line: 5, Old: "b", Hunks: []Hunk{{7, 1, 1, 0, 0, lines("-x\n")}}},
				{Line: 9, New: "c", Hunks: []Hunk{{11, 0, 0, 1, 1, lines("+x\n")}}},
				{Line: 13, Old: "d", Hunks: []Hunk{{15, 1, 1, 0, 0, lines("-x\n")}}},
				{Line: 17, Old: "e", New: "e", Hunks: []Hunk{{19, 1, 1, 1, 1, lines("-x\n", "+y\n")}}},
				{Line: 22, Old: "f", New: "f", Hunks: []Hunk{{24, 1, 1, 1, 1, lines("-x\n", "+y\n")}}},
			},
		},
		{
			name: "git's header lines", strip: 1,
			patch: "diff --git a/a b b/a b\nold mode 100644\nnew mode 100755\n" +
				"diff --git a/b b/b\nnew file mode 100755\nindex 0000000..1111111\n" +
				"diff --git a/c b/c\ndeleted file mode 120000\nindex 1111111..0000000\n--- a/c\n+++ /dev/null\n@@ -1 +0,0 @@\n" +
				"-b\n\\ No newline at end of file\n" +
				"diff --git a/d b/e\nsimilarity index 100%\nrename from d\nrename to e\n" +
				"diff --git a/f b/\"\nsimilarity index 90%\ncopy from f\ncopy to \"\\303\\244\\t\\\"\"\n" +
				"index 1111111..2222222 100644\n--- a/f\n+++ \"b/\\303\\244\\t\\\"\"\n@@ -1 +1 @@\n-x\n+y\n" +
				"diff --git \"a/\\\\\" \"b/\\\\\"\ndissimilarity index 100%\nindex 1111111..2222222 120000\n--- \"a/\\\\\"\n" +
				"+++ \"b/\\\\\"\n@@ -1 +1 @@\n-x\n+y\n" +
				"diff --git a/g b/g\nnew file mode 120000\nindex 0000000..1111111\n--- /dev/null\n+++ b/g\n@@ -0,0 +1 @@\n+a\n" +
				"\\ No newline at end of file\n",
			want: []FileDiff{
				{Line: 1, Old: "a b", New: "a b", OldMode: "100644", NewMode: "100755"},
				{Line: 4, New: "b", NewMode: "100755", Index: "0000000..1111111"},
				{Line: 7, Old: "c", OldMode: "120000", Index: "1111111..0000000", Hunks: []Hunk{{12, 1, 1, 0, 0, lines("-b")}}},
				{Line: 15, Old: "d", New: "e"},
				{Line: 19, Old: "f", New: "ä\t\"", OldMode: "100644", NewMode: "100644", Copy: true,
					Index: "1111111..2222222",
					Hunks: []Hunk{{26, 1, 1, 1, 1, lines("-x\n", "+y\n")}}},
				{Line: 29, Old: `\`, New: `\`, OldMode: "120000", NewMode: "120000",
					Index: "1111111..2222222", Hunks: []Hunk{{34, 1, 1, 1, 1, lines("-x\n", "+y\n")}}},
				{Line: 37, New: "g", NewMode: "120000", Index: "0000000..1111111", Hunks: []Hunk{{42, 0, 0, 1, 1, lines("+a")}}},
			},
		},
		{
			name: "git without prefixes", strip: 0,
			patch: "diff --git a/x a/x\nold mode 100755\nnew mode 100644\ndiff --git a/y b/y\nrename from a/y\nrename to b/y\n",
			want: []FileDiff{
				{Line: 1, Old: "a/x", New: "a/x", OldMode: "100755", NewMode: "100644"},
				{Line: 4, Old: "a/y", New: "b/y"},
			},
		},
		{
			name: "strip 2", strip: 2,
			patch: "diff --git a/p/x b/p/x\nnew file mode 100644\ndiff --git a/p/y b/p/z\nrename from p/y\nrename to p/z\n",
			want:  []FileDiff{{Line: 1, New: "x", NewMode: "100644"}, {Line: 3, Old: "y", New: "z"}},
		},
		{
			name: "lines that look like others", strip: 1,
			patch: "--- a/x\n+++ b/x\n@@ -1,4 +1,4 @@\n--- a\n+++ b\n \\ No\n @@ -1 +1 @@\n-- \n+- \n--- a/y\n+++ b/y\n" +
				"@@ -1 +1 @@\n-x\n+y\n",
			want: []FileDiff{
				{Line: 1, Old: "x", New: "x", Hunks: []Hunk{{3, 1, 4, 1, 4,
					lines("--- a\n", "+++ b\n", " \\ No\n", " @@ -1 +1 @@\n", "-- \n", "+- \n")}}},
				{Line: 10, Old: "y", New: "y", Hunks: []Hunk{{12, 1, 1, 1, 1, lines("-x\n", "+y\n")}}},
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Parse(Patch{Name: "p", Strip: c.strip, Data: []byte(c.patch)})
			must(t, err)
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", show(got), show(c.want))
			}
		})
	}
}

func show(diffs []FileDiff) string {
	var b strings.Builder
	for _, d := range diffs {
		fmt.Fprintf(&b, "%d: %q -> %q, %q -> %q, copy %v\n", d.Line, d.Old, d.New, d.OldMode, d.NewMode, d.Copy)
		for _, h := range d.Hunks {
			fmt.Fprintf(&b, "  %d: -%d,%d +%d,%d %q\n", h.Line, h.OldStart, h.OldLines, h.NewStart, h.NewLines, h.Lines)
		}
	}
	return b.String()
}

func TestParseRefuses(t *testing.T) {
	plain := func(body string) string { return "--- a/x\n+++ b/x\n" + body }
	named := func(name string) string { return "--- a/x\n+++ " + name + "\n@@ -1 +1 @@\n-x\n+y\n" }
	for _, c := range []struct{ name, patch, err string }{
		{"nothing", "", "p:1: the patch contains no diff"},
		{"a compressed file", "\x1f\x8b\x08\x00x", "p:1: the patch is compressed by gzip: unpack it"},
		{"prose", "Dear all,\n--- x\n@@\n", "p:1: the patch contains no diff"},
		{"hunk too long", plain("@@ -1 +1 @@\n-x\n+y\n+z\n"),
			"p:6: the line belongs to no hunk: the one at line 3 has more lines than its header says"},
		{"hunk too long by context", plain("@@ -1 +1 @@\n-x\n+y\n z\n"),
			"p:6: the line belongs to no hunk: the one at line 3 has more lines than its header says"},
		{"hunk too long by a mark", plain("@@ -1 +1 @@\n-x\n+y\n--- z\n"),
			"p:6: the line belongs to no hunk: the one at line 3 has more lines than its header says"},
		{"no hunk header", plain("@@ -1 +1 @@\n-x\n+y\n@@ -9 @@\n"),
			"p:6: the hunk header is not of the form @@ -LINE,COUNT +LINE,COUNT @@"},
		{"combined diff", plain("@@@ -1 -1 +1 @@@\n--x\n++y\n"), "p:3: the diff of x has no hunk here"},
		{"one side too long", plain("@@ -1,2 +1 @@\n-x\n+y\n+z\n"),
			"p:6: the hunk at line 3 continues past its end: its header says fewer lines, or the file ended"},
		{"hunk cut off", plain("@@ -1,4 +1,4 @@\n-x\n+y\n"),
			"p:6: the hunk at line 3 is cut off: its header says 3 more old and 3 more new lines"},
		{"hunk cut off by one side", plain("@@ -1,2 +1 @@\n-x\n+y\n"),
			"p:6: the hunk at line 3 is cut off: its header says 1 more old and 0 more new lines"},
		{"hunk cut off before prose", plain("@@ -1,2 +1,2 @@\n-x\n+y\nand so on\n"),
			"p:6: the hunk at line 3 is cut off: its header says 1 more old and 1 more new lines"},
		{"hunk cut by a header", plain("@@ -1,4 +1,4 @@\n-x\n+y\ndiff --git a/y b/y\n"),
			"p:6: the hunk at line 3 is cut off: its header says 3 more old and 3 more new lines"},
		{"line cut off", plain("@@ -1 +1 @@\n-x\n+y"),
			"p:5: the hunk at line 3 is cut off: its header says 0 more old and 1 more new lines"},
		{"bad range", plain("@@ -1,x +1 @@\n-x\n+y\n"), `p:3: the hunk header has a range "1,x" that is not LINE,COUNT`},
		{"huge range", plain("@@ -1,9999999999 +1 @@\n-x\n+y\n"),
			`p:3: the hunk header has a range "1,9999999999" that is not LINE,COUNT`},
		{"line 0", plain("@@ -0,1 +1 @@\n-x\n+y\n"), `p:3: the hunk header has a range "0,1" that is not LINE,COUNT`},
		{"no change", plain("@@ -1 +1 @@\n x\n"), "p:3: the hunk changes nothing"},
		{"overlap", plain("@@ -1,2 +1,2 @@\n-x\n+y\n z\n@@ -2 +2 @@\n-z\n+a\n"),
			"p:7: the hunk begins before the end of the one before it"},
		{"line after the end of file", plain("@@ -1,2 +1 @@\n-x\n\\ No newline at end of file\n-y\n+z\n"),
			"p:6: the hunk at line 3 continues past its end: its header says fewer lines, or the file ended"},
		{"no line to end", plain("@@ -1 +1 @@\n\\ No newline at end of file\n-x\n+y\n"),
			"p:4: no line before this one can end without a newline"},
		{"ended twice", plain("@@ -1 +1 @@\n-x\n+y\n\\ No newline\n\\ No newline\n"),
			"p:7: no line before this one can end without a newline"},
		{"an empty line ended", plain("@@ -1 +1 @@\n-x\n+\n\\ No newline\n"),
			"p:6: no line before this one can end without a newline"},
		{"hunk in prose", plain("@@ -1 +1 @@\n-x\n+y\n\n@@ -5 +5 @@\n-x\n+y\n"),
			"p:7: the hunk belongs to no file: no header and no other hunk is right before it"},
		{"no hunk", plain(""), "p:3: the diff of x has no hunk here"},
		{"no marks", "diff --git a/x b/x\n@@@ -1 -1 +1 @@@\n--x\n++y\n",
			"p:2: a hunk of x needs a --- and a +++ line before it"},
		{"one mark", "diff --git a/x b/x\n--- a/x\n@@ -1 +1 @@\n-x\n+y\n",
			"p:2: a hunk of x needs a --- and a +++ line before it"},
		{"git, no hunk", "diff --git a/x b/x\n--- a/x\n+++ b/x\n", "p:4: the diff of x has no hunk here"},
		{"git, nothing", "diff --git a/x b/x\nindex 1111111..2222222 100644\n", "p:1: the diff of x changes nothing"},

		{"git binary", "diff --git a/x b/x\nnew file mode 100644\nindex 1..2\nGIT binary patch\n",
			"p:4: the binary diff of x needs an index line with both ids: make it with git diff --binary"},
		{"git binaries differ", "diff --git a/x b/x\nindex 1..2 100644\nBinary files a/x and b/x differ\n",
			"p:3: x: the patch tells that a file without text differs, but not how: make it with git diff --binary"},
		{"binaries differ", "Binary files a/x and b/x differ\n",
			"p:1: Binary files a/x and b/x differ: the patch tells that a file without text differs, but not how: make it " +
				"with git diff --binary"},
		{"submodule", "diff --git a/x b/x\nnew file mode 160000\n",
			"p:2: mode 160000 is a submodule, whose content a patch does not have"},
		{"submodule moves", "diff --git a/x b/x\nindex 1..2 160000\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-x\n+y\n",
			"p:2: mode 160000 is a submodule, whose content a patch does not have"},
		{"odd mode", "diff --git a/x b/x\nnew file mode 040000\n", `p:2: mode "040000" is not 100644, 100755 or 120000`},
		{"half a mode change", "diff --git a/x b/x\nold mode 100644\n",
			"p:2: a change of mode needs an old and a new mode of the same kind of file"},
		{"no mode change", "diff --git a/x b/x\nold mode 100644\nnew mode 100644\n",
			"p:3: a change of mode needs an old and a new mode of the same kind of file"},
		{"file to link", "diff --git a/x b/x\nold mode 100644\nnew mode 120000\n",
			"p:3: a change of mode needs an old and a new mode of the same kind of file"},
		{"new with an old mode", "diff --git a/x b/x\nold mode 100644\nnew file mode 100755\n",
			"p:2: a change of mode needs an old and a new mode of the same kind of file"},
		{"new and deleted", "diff --git a/x b/x\nnew file mode 100644\ndeleted file mode 100644\n",
			"p:1: the header says more than one thing of the file, or only one of from and to"},
		{"new and renamed", "diff --git a/x b/y\nnew file mode 100644\nrename from x\nrename to y\n",
			"p:1: the header says more than one thing of the file, or only one of from and to"},
		{"half a rename", "diff --git a/x b/y\nrename from x\n",
			"p:1: the header says more than one thing of the file, or only one of from and to"},
		{"renamed to itself", "diff --git a/x b/x\nrename from x\nrename to x\n", "p:1: x is renamed or copied to itself"},
		{"said twice", "diff --git a/x b/y\nrename from x\nrename from y\n",
			`p:3: the header has a second line "rename from"`},
		{"two names, no rename", "diff --git a/x b/y\nindex 1..2 100644\n",
			`p:1: "a/x b/y" is not one file's name twice once -p1 is stripped, and no rename or copy`},
		{"bad quotes", "diff --git \"a/x\\q\" \"b/x\\q\"\n", `p:1: the name "a/x\q" is not quoted as git does it`},
		{"other old name", "diff --git a/x b/x\nindex 1..2 100644\n--- a/y\n+++ b/x\n@@ -1 +1 @@\n-x\n+y\n",
			"p:3: the line names y, but the header before it x"},
		{"other new name", "diff --git a/x b/x\ndeleted file mode 100644\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-x\n+y\n",
			"p:4: the line names x, but the header before it no file"},
		{"no old name", "diff --git a/x b/x\nindex 1..2 100644\n--- /dev/null\n+++ b/x\n@@ -1 +1 @@\n-x\n+y\n",
			"p:3: the line names no file, but the header before it x"},

		{"two files", "diff --git a/x b/y\nindex 1..2 100644\n--- a/x\n+++ b/y\n@@ -1 +1 @@\n-x\n+y\n",
			"p:3: the diff names two files, x and y, and no rename or copy"},
		{"no file", "--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-x\n+y\n", "p:1: the diff names no file"},
		{"absolute", named("/b/x"), `p:2: the name "/b/x" is absolute`},
		{"dot dot", named("b/../x"), `p:2: the name "b/../x" has the component ".."`},
		{"dot", named("b/./x"), `p:2: the name "b/./x" has the component "."`},
		{"empty component", named("b//x"), `p:2: the name "b//x" has an empty component`},
		{"folder", named("b/x/"), `p:2: the name "b/x/" has an empty component`},
		{"git folder", named("b/sub/.GiT/config"), `p:2: the name "b/sub/.GiT/config" is in a .git folder`},
		{"git file", named("b/.git"), `p:2: the name "b/.git" is in a .git folder`},
		{"newline", named(`"b/x\ny"`), `p:2: the name "b/x\ny" has a NUL or a newline in it`},
		{"NUL", named(`"b/x\000"`), `p:2: the name "b/x\x00" has a NUL or a newline in it`},
		{"unclosed quote", named(`"b/x`), `p:2: the name "b/x is not quoted as git does it`},
		{"too few folders", named("x"), `p:2: the name "x" has fewer than the 1 leading folders to strip (-p1)`},
		{"UTF-16", "\xff\xfe-\x00",
			"p:1: the patch is in UTF-16, as PowerShell writes it: write it again, with git's --output=FILE"},
		{"signature before lines of a hunk", plain("@@ -1 +1 @@\n-x\n+y\n--\n+z\n"),
			"p:6: the line belongs to no hunk: the one at line 3 has more lines than its header says"},
		{"last line added and cut off", plain("@@ -1,2 +1,3 @@\n x\n x\n+y"),
			"p:6: the hunk at line 3 is cut off: its header says 0 more old and 1 more new lines"},
		{"git, dot dot", "diff --git a/../x b/../x\nnew file mode 100644\n", `p:1: the name "a/../x" has the component ".."`},
		{"rename out", "diff --git a/x b/y\nrename from x\nrename to ../y\n", `p:3: the name "../y" has the component ".."`},
		{"copy out of .git", "diff --git a/x b/y\ncopy from .git/config\ncopy to y\n",
			`p:2: the name ".git/config" is in a .git folder`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Parse(Patch{Name: "p", Strip: 1, Data: []byte(c.patch)})
			if text(err) != c.err {
				t.Errorf("got %s %v\nwant %s", show(got), err, c.err)
			}
		})
	}
}
