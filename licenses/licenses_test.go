package licenses

import (
	"errors"
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

const isc = `Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is
hereby granted, provided that the above copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL
IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT,
INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF
THIS SOFTWARE.
`

// bsd is Go's license, which everybody has who compiles this.
func bsd(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(build.Default.GOROOT, "LICENSE"))
	if err != nil {
		t.Skipf("this Go installation has no LICENSE: %v", err)
	}
	return string(text)
}

// write writes files below a folder.
func write(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, data := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(data), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOf has packages of modules. To add a case, add a row: the files of the
// module, the package's folder in it, and its licenses; none are an error.
func TestOf(t *testing.T) {
	bsd := bsd(t)
	d, err := NewDetector()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		files map[string]string
		dir   string
		want  []string
	}{
		{"beside the package", map[string]string{"LICENSE": bsd}, ".", []string{"BSD-3-Clause"}},
		{"above the package", map[string]string{"LICENSE": bsd, "pkg/deep/a.go": ""}, "pkg/deep", []string{"BSD-3-Clause"}},
		{"of the module, and of a part", map[string]string{"LICENSE": bsd, "third_party/knot/COPYING": isc},
			"third_party/knot", []string{"BSD-3-Clause", "ISC"}},
		{"each once", map[string]string{"LICENSE": isc, "pkg/LICENSE": isc}, "pkg", []string{"ISC"}},
		{"two texts", map[string]string{"LICENSE.bsd": bsd, "LICENSE-ISC": isc}, ".", []string{"BSD-3-Clause", "ISC"}},
		{"British", map[string]string{"LICENCE": isc}, ".", []string{"ISC"}},
		{"small letters", map[string]string{"license.txt": isc}, ".", []string{"ISC"}},
		{"markdown", map[string]string{"COPYING.md": isc}, ".", []string{"ISC"}},
		{"a part's text is not the module's", map[string]string{"LICENSE": bsd, "third_party/COPYING": isc}, ".",
			[]string{"BSD-3-Clause"}},
		{"Go code about licenses", map[string]string{"license.go": isc, "LICENSE": bsd}, ".", []string{"BSD-3-Clause"}},
		{"another name", map[string]string{"licenses": isc, "NOTICE": isc}, ".", nil},
		{"a folder", map[string]string{"LICENSE/a": isc}, ".", nil},
		{"an unknown text", map[string]string{"LICENSE": "Drink as much as you like.\n"}, ".", nil},
		{"no text", map[string]string{"a.go": ""}, ".", nil},
	} {
		root := t.TempDir()
		write(t, root, c.files)
		dir := filepath.Join(root, filepath.FromSlash(c.dir))
		got, err := d.Of(root, dir)
		if !slices.Equal(got, c.want) || (err == nil) != (c.want != nil) {
			t.Errorf("%s: Of() = %q, %v, want %q", c.name, got, err, c.want)
		}
		want := dir + " has no known license text, but packages must name the licenses of everything they link"
		if err != nil && err.Error() != want {
			t.Errorf("%s: the error is %q, want %q", c.name, err, want)
		}
	}
}

// TestOfStaysInTheModule has a text above the module, which is not the module's.
func TestOfStaysInTheModule(t *testing.T) {
	d, err := NewDetector()
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	write(t, root, map[string]string{"LICENSE": isc, "module/pkg/a.go": ""})
	module := filepath.Join(root, "module")
	if got, err := d.Of(module, filepath.Join(module, "pkg")); err == nil {
		t.Errorf("Of() = %q, which is not of the module", got)
	}
	if _, err := d.Of(module, filepath.Join(module, "gone")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Of() of no folder = %v", err)
	}
	if got, err := d.Of(root, filepath.Join(module, "pkg")); err != nil || !slices.Equal(got, []string{"ISC"}) {
		t.Errorf("Of() = %q, %v, want ISC", got, err)
	}
}
