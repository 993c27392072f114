package patches

import (
	"bytes"
	"fmt"
	"testing"
)

// BenchmarkApply lays 200 patches of two files each on a tree of 3000, and
// touches fifty of them again and again.
func BenchmarkApply(b *testing.B) {
	in := files{}
	for i := range 3000 {
		in[fmt.Sprintf("pkg/%d/%d/file.go", i%50, i)] = numbers(1, 500)
	}
	base := in.lay(b, b.TempDir())
	var series []Patch
	for i := range 200 {
		var p bytes.Buffer
		for j := range 2 {
			at := 10 + 2*i
			f := (i + 25*j) % 50
			fmt.Fprintf(&p, "--- a/pkg/%d/%d/file.go\n+++ b/pkg/%d/%d/file.go\n@@ -%d,3 +%d,4 @@\n %d\n+new\n %d\n %d\n", f, f,
				f, f, at, at, at, at+1, at+2)
		}
		series = append(series, Patch{Name: fmt.Sprintf("%04d.patch", i), Strip: 1, Data: p.Bytes()})
	}
	for b.Loop() {
		got, err := Apply(base, series)
		must(b, err)
		if len(got.Changes) != 50 {
			b.Fatalf("%d changes", len(got.Changes))
		}
	}
}

// BenchmarkParse reads a patch of 50 MB.
func BenchmarkParse(b *testing.B) {
	var p bytes.Buffer
	for i := 0; p.Len() < 50<<20; i++ {
		fmt.Fprintf(&p, "diff --git a/pkg/%d b/pkg/%d\nindex 1..2 100644\n--- a/pkg/%d\n+++ b/pkg/%d\n@@ -1,3 +1,43 @@\n"+
			" one\n two\n three\n", i, i, i, i)
		for range 40 {
			p.WriteString("+	if err := something(ctx, object); err != nil {\n")
		}
	}
	b.SetBytes(int64(p.Len()))
	for b.Loop() {
		_, err := Parse(Patch{Name: "p", Strip: 1, Data: p.Bytes()})
		must(b, err)
	}
}
