package patches

import (
	"errors"
	"strings"
	"testing"
)

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
			_, err := Apply(base, []Patch{{Name: "0001-a.patch", Strip: 1, Data: []byte(made("n", "100644", "n"))},
				{Name: "0002-b.patch", Strip: 1, Data: []byte(c.patch)}})
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
