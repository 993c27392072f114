package patches

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// TestLargePatch has a patch of 50 MB: a file that it makes, and one that it changes in many places.
func TestLargePatch(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	const hunks, made = 50_000, 600_000
	var patch, want bytes.Buffer
	fmt.Fprintf(&patch, "--- /dev/null\n+++ b/made\n@@ -0,0 +1,%d @@\n", made)
	line := strings.Repeat("0123456789", 8) + "\n"
	for range made {
		patch.WriteString("+" + line)
	}
	var old strings.Builder
	patch.WriteString("--- a/f\n+++ b/f\n")
	for i := range hunks {
		fmt.Fprintf(&old, "a%d\nb%d\nc%d\n", i, i, i)
		fmt.Fprintf(&want, "a%d\nB%d\nc%d\n", i, i, i)
		fmt.Fprintf(&patch, "@@ -%d,3 +%[1]d,3 @@\n a%[2]d\n-b%[2]d\n+B%[2]d\n c%[2]d\n", 3*i+1, i)
	}
	base := files{"f": old.String()}
	result, err := Apply(base.lay(t, t.TempDir()), []Patch{{Name: "large", Strip: 1, Data: patch.Bytes()}})
	if err != nil {
		t.Fatal(err)
	}
	got := base.after(result.Changes)
	if got["f"] != want.String() || got["made"] != strings.Repeat(line, made) || patch.Len() < 50_000_000 {
		t.Errorf("a patch of %d bytes makes files of %d and %d bytes", patch.Len(), len(got["f"]), len(got["made"]))
	}
}

// TestLongSeries has 500 patches to the same file.
func TestLongSeries(t *testing.T) {
	var series []Patch
	for i := range 500 {
		text := fmt.Sprintf("--- a/f\n+++ b/f\n@@ -1 +1 @@\n-%d\n+%d\n", i, i+1)
		series = append(series, Patch{Name: fmt.Sprintf("%04d.patch", i), Strip: 1, Data: []byte(text)})
	}
	base := files{"f": "0\n"}
	result, err := Apply(base.lay(t, t.TempDir()), series)
	if err != nil {
		t.Fatal(err)
	}
	if got := base.after(result.Changes); !equal(got, files{"f": "500\n"}) {
		t.Errorf("in the end there is %q", got)
	}
}

// TestCarriageReturns has patches and files that end their lines in either way.
func TestCarriageReturns(t *testing.T) {
	const unix = "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n"
	const dos = "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n one\r\n-two\r\n+2\r\n"
	for _, c := range []struct{ name, patch, file, want, err string }{
		{"neither", unix, "one\ntwo\n", "one\n2\n", ""},
		{"both", dos, "one\r\ntwo\r\n", "one\r\n2\r\n", ""},
		{"the patch", dos, "one\ntwo\n", "", `expected  "one\r\n"`},
		{"the file", unix, "one\r\ntwo\r\n", "", `found     "one\r\n"`},
		{"the patch and its head", strings.ReplaceAll(unix, "\n", "\r\n"), "one\ntwo\n", "", "carriage return"},
	} {
		base := files{"f": c.file}
		result, err := Apply(base.lay(t, t.TempDir()), []Patch{{Name: "p", Strip: 1, Data: []byte(c.patch)}})
		switch {
		case c.err == "" && (err != nil || base.after(result.Changes)["f"] != c.want):
			t.Errorf("%s: Apply() makes %q, %v", c.name, base.after(result.Changes), err)
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%s: Apply() = %v, want %q", c.name, err, c.err)
		}
	}
}
