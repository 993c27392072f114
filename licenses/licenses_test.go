package licenses

import (
	"go/build"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Two texts that everybody has who compiles this: Go's own, and none.
func TestOf(t *testing.T) {
	goLicense, err := os.ReadFile(filepath.Join(build.Default.GOROOT, "LICENSE"))
	if err != nil {
		t.Skipf("this Go lacks its license: %v", err)
	}
	const isc = "Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted, provided that the above " +
		"copyright notice and this permission notice appear in all copies.\n\nTHE SOFTWARE IS PROVIDED \"AS IS\" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH " +
		"REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, " +
		"INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR " +
		"OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.\n"
	root := t.TempDir()
	for name, data := range map[string]string{
		"LICENSE":                  string(goLicense),
		"third_party/knot/COPYING": isc,
		"third_party/knot/a.go":    "package knot\n",
		"pkg/licenses.go":          isc,
		"pkg/deep/a.go":            "package deep\n",
	} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	d, err := NewDetector()
	if err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string][]string{
		"pkg/deep":         {"BSD-3-Clause"},
		"third_party/knot": {"BSD-3-Clause", "ISC"},
		".":                {"BSD-3-Clause"},
	} {
		if got, err := d.Of(root, filepath.Join(root, dir)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s is under %q, %v; want %q", dir, got, err, want)
		}
	}
	if got, err := d.Of(filepath.Join(root, "pkg", "deep"), filepath.Join(root, "pkg", "deep")); err == nil || !strings.Contains(err.Error(), "has no license text") {
		t.Errorf("a folder without a text is under %q, %v", got, err)
	}
}
