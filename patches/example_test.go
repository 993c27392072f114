package patches_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/patches"
)

// upstream writes the tree that the examples patch: a file of four lines.
func upstream() (base filetree.Dir, remove func()) {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	crew := []byte("captain\ndeckhand\ncook\nmate\n")
	if err := os.WriteFile(filepath.Join(dir, "crew.txt"), crew, 0o644); err != nil {
		log.Fatal(err)
	}
	if base, err = filetree.Scan(context.Background(), dir); err != nil {
		log.Fatal(err)
	}
	return base, func() { os.RemoveAll(dir) }
}

func ExampleApply() {
	base, remove := upstream()
	defer remove()
	series := []patches.Patch{
		{Name: "0001-bosun.patch", Strip: 1, Data: []byte(`--- a/crew.txt
+++ b/crew.txt
@@ -1,3 +1,4 @@
 captain
+bosun
 deckhand
 cook
`)},
		{Name: "0002-no-mate.patch", Strip: 1, Data: []byte(`--- a/crew.txt
+++ b/crew.txt
@@ -2,3 +2,2 @@
 deckhand
 cook
-mate
`)},
	}
	result, err := patches.Apply(base, series)
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range result.Moved {
		fmt.Printf("%s: hunk %d of %s moved by %+d\n", m.Patch, m.Hunk, m.File, m.By)
	}
	for _, c := range result.Changes {
		fmt.Printf("%s %s\n%s", c.Mode, c.Path, c.Content)
	}
	// Output:
	// 0002-no-mate.patch: hunk 1 of crew.txt moved by +1
	// 100644 crew.txt
	// captain
	// bosun
	// deckhand
	// cook
}

func ExampleApplyError() {
	base, remove := upstream()
	defer remove()
	_, err := patches.Apply(base, []patches.Patch{{Name: "0001-purser.patch", Strip: 1, Data: []byte(`--- a/crew.txt
+++ b/crew.txt
@@ -2,3 +2,3 @@
 deckhand
-steward
+purser
 mate
`)}})
	e, ok := errors.AsType[*patches.ApplyError](err)
	if !ok {
		log.Fatal(err)
	}
	named := *e
	named.Onto = "example.org/ship@v1.4.1"
	fmt.Println(&named)
	// Output:
	// 0001-purser.patch does not apply to example.org/ship@v1.4.1
	//   crew.txt, hunk 1 at line 3
	//     expected  steward
	//     found     cook
}
