package output

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/slipway-build/slipway/internal/action"
)

// folder is what lies somewhere: the content of files by their paths, "" for one
// file by itself, nothing where it is nil.
type folder map[string]string

// dist returns a Dist in a temporary project, and the steps that it tells.
func dist(t *testing.T) (d Dist, steps *[]string) {
	t.Helper()
	dir := t.TempDir()
	steps = new([]string)
	note := func(what string) { *steps = append(*steps, what) }
	return Dist{Project: dir, Cache: action.Cache{Dir: filepath.Join(dir, "dist", ".cache"), Step: note}}, steps
}

// put writes files at a path.
func put(t *testing.T, path string, files folder) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(path, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// read returns what lies at a path.
func read(t *testing.T, path string) folder {
	t.Helper()
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	names := []string{""}
	if info.IsDir() {
		names = List(path)
	}
	out := folder{}
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(path, name))
		if err != nil {
			t.Fatal(err)
		}
		out[name] = string(data)
	}
	return out
}

// things are what can be at a path before something is put there.
func things() map[string]folder {
	return map[string]folder{"nothing": nil, "a file": {"": "old"}, "a folder": {"a": "old", "b/c": "old"}}
}

func TestReplace(t *testing.T) {
	errFill := errors.New("fill failed")
	const path = "dist/ship-1.4/deb"
	for before, old := range things() {
		for after, made := range things() {
			for _, fails := range []bool{false, true} {
				if made == nil {
					continue
				}
				t.Run(fmt.Sprintf("%s, then %s, fails %v", before, after, fails), func(t *testing.T) {
					d, steps := dist(t)
					put(t, d.Abs(path), old)
					err := d.Replace(path, func(dst string) error {
						if got := read(t, d.Abs(path)); !maps.Equal(got, old) {
							t.Errorf("fill meets %v, want %v", got, old)
						}
						if filepath.Base(dst) != "deb" || read(t, dst) != nil {
							t.Errorf("fill is to write %s, where there is %v", dst, read(t, dst))
						}
						put(t, dst, made)
						if fails {
							return errFill
						}
						return nil
					})
					want, told := made, []string{"about to place " + path, "placed " + path}
					if fails {
						want, told = old, nil
					}
					if errors.Is(err, errFill) != fails || !fails && err != nil {
						t.Errorf("error %v", err)
					}
					if got := read(t, d.Abs(path)); !maps.Equal(got, want) {
						t.Errorf("%v, want %v", got, want)
					}
					if !slices.Equal(*steps, told) {
						t.Errorf("steps %q, want %q", *steps, told)
					}
					if left := List(d.Cache.Dir); len(left) > 0 {
						t.Errorf("%q is left in the cache", left)
					}
				})
			}
		}
	}
}

// TestReplaceFails checks that nothing changes where there is no place to write to.
func TestReplaceFails(t *testing.T) {
	for name, c := range map[string]struct {
		there folder // in the project
		fill  bool   // is called
	}{
		"the cache is below a file": {folder{"dist": "a file"}, false},
		"the path is below a file":  {folder{"dist/ship-1.4": "a file"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			d, steps := dist(t)
			put(t, d.Project, c.there)
			called := false
			err := d.Replace("dist/ship-1.4/deb", func(dst string) error {
				called = true
				return WriteFiles(dst, map[string][]byte{"a": nil})
			})
			var at *fs.PathError
			if !errors.As(err, &at) || called != c.fill || len(*steps) > 0 {
				t.Errorf("error %v, fill called %v, steps %q", err, called, *steps)
			}
			if got := read(t, d.Project); !maps.Equal(got, c.there) {
				t.Errorf("%v, want %v", got, c.there)
			}
		})
	}
}

// TestPlace checks what is at from afterwards, and that between the two steps that
// are told there is either the old or the new.
func TestPlace(t *testing.T) {
	for before, old := range things() {
		t.Run("on "+before, func(t *testing.T) {
			d, _ := dist(t)
			made, path := folder{"a": "new"}, "dist/overlay"
			var seen []folder
			d.Cache.Step = func(string) { seen = append(seen, read(t, d.Abs(path))) }
			from := filepath.Join(d.Cache.Dir, "made")
			put(t, d.Abs(path), old)
			put(t, from, made)
			if err := d.Place(from, path); err != nil {
				t.Fatal(err)
			}
			if len(seen) != 2 || !maps.Equal(seen[0], old) || !maps.Equal(seen[1], made) {
				t.Errorf("the steps saw %v, want %v and %v", seen, old, made)
			}
			if got := read(t, from); !maps.Equal(got, old) {
				t.Errorf("at from is %v, want %v", got, old)
			}
		})
	}
}

func TestFiles(t *testing.T) {
	made := map[string][]byte{"kubespray.yml": []byte("a: 1\n"), "pods/ship.yml": []byte("b: 2\n")}
	want := folder{"kubespray.yml": "a: 1\n", "pods/ship.yml": "b: 2\n"}
	with := func(name, text string) folder {
		out := maps.Clone(want)
		out[name] = text
		return out
	}
	for name, c := range map[string]struct {
		old  folder
		kept bool
	}{
		"none":            {},
		"the same":        {old: want, kept: true},
		"one more":        {old: with("old.yml", "")},
		"one less":        {old: folder{"kubespray.yml": "a: 1\n"}},
		"other content":   {old: with("pods/ship.yml", "b: 3\n")},
		"another name":    {old: folder{"kubespray.yml": "a: 1\n", "pods/mate.yml": "b: 2\n"}},
		"a file in place": {old: folder{"": "a: 1\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			d, steps := dist(t)
			put(t, d.Abs("dist/deploy"), c.old)
			kept, err := d.Files("dist/deploy", made)
			if err != nil || kept != c.kept || (len(*steps) == 0) != c.kept {
				t.Errorf("kept %v, error %v, steps %q, want kept %v", kept, err, *steps, c.kept)
			}
			if got := read(t, d.Abs("dist/deploy")); !maps.Equal(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}

func TestHoldsAndExists(t *testing.T) {
	d, _ := dist(t)
	put(t, d.Project, folder{"dist/full": "text", "dist/empty": ""})
	if err := os.Symlink("nowhere", d.Abs("dist/link")); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]struct{ exists, text, empty bool }{
		"dist/full":  {exists: true, text: true},
		"dist/empty": {exists: true, empty: true},
		"dist":       {exists: true},
		"dist/link":  {exists: true},
		"dist/none":  {},
	} {
		if d.Exists(path) != want.exists || d.Holds(path, []byte("text")) != want.text || d.Holds(path, nil) != want.empty {
			t.Errorf("%s: exists %v, holds text %v, holds nothing %v", path,
				d.Exists(path), d.Holds(path, []byte("text")), d.Holds(path, nil))
		}
	}
}

func TestIntact(t *testing.T) {
	d, _ := dist(t)
	put(t, d.Project, folder{"dist/captain": "text"})
	sum, other := fmt.Sprintf("%x", sha256.Sum256([]byte("text"))), strings.Repeat("0", 64)
	for name, c := range map[string]struct {
		path string
		size int64
		sum  string
		want bool
	}{
		"intact":       {"dist/captain", 4, sum, true},
		"another size": {"dist/captain", 5, sum, false},
		"another sum":  {"dist/captain", 4, other, false},
		"no sum":       {"dist/captain", 4, "", false},
		"none":         {"dist/bosun", 4, sum, false},
		"a folder":     {"dist", 4, sum, false},
	} {
		if got := d.Intact(c.path, c.size, c.sum); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestSame(t *testing.T) {
	blob := fmt.Sprintf("blobs/sha256/%x", sha256.Sum256([]byte("layer")))
	layout := folder{"index.json": "{}", blob: "layer"}
	with := func(name, text string) folder {
		out := maps.Clone(layout)
		out[name] = text
		return out
	}
	for name, c := range map[string]struct {
		there, want folder
		same        bool
	}{
		"the same":                 {layout, layout, true},
		"a blob, named by its sum": {layout, with(blob, "is not read"), true},
		"none there":               {nil, layout, false},
		"none wanted":              {nil, nil, false},
		"one more":                 {with("old", ""), layout, false},
		"one less":                 {folder{"index.json": "{}"}, layout, false},
		"other content":            {with("index.json", "[]"), layout, false},
		"a damaged blob":           {with(blob, "lager"), layout, false},
		"the same damaged blob":    {with(blob, "lager"), with(blob, "lager"), false},
	} {
		t.Run(name, func(t *testing.T) {
			d, _ := dist(t)
			want := filepath.Join(d.Cache.Dir, "made")
			put(t, d.Abs("dist/images"), c.there)
			put(t, want, c.want)
			if got := d.Same("dist/images", want, "blobs/sha256"); got != c.same {
				t.Errorf("same %v, want %v", got, c.same)
			}
		})
	}
}

// TestSameLinks checks that a file that cannot be read is no match.
func TestSameLinks(t *testing.T) {
	d, _ := dist(t)
	want := filepath.Join(d.Cache.Dir, "made")
	put(t, d.Abs("dist/images"), folder{"a": ""})
	put(t, want, folder{"a": ""})
	for _, at := range []string{filepath.Join(want, "a"), d.Abs("dist/images/a")} {
		if err := errors.Join(os.Remove(at), os.Symlink("nowhere", at)); err != nil {
			t.Fatal(err)
		}
		if d.Same("dist/images", want, "blobs") {
			t.Errorf("a link to nowhere at %s is taken for a file", at)
		}
	}
}

func TestList(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, folder{"b": "", "a/z": "", "a-b": "", "a/y/x": ""})
	err := errors.Join(os.Mkdir(filepath.Join(dir, "empty"), 0o755), os.Symlink("b", filepath.Join(dir, "c")))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"":     "a-b a/y/x a/z b c",
		"a":    "y/x z",
		"none": "",
		"b":    ".",
	} {
		if got := strings.Join(List(filepath.Join(dir, path)), " "); got != want {
			t.Errorf("the files of %q are %q, want %q", path, got, want)
		}
	}
}

func TestWriteFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there", "yet")
	if err := WriteFiles(dir, map[string][]byte{"a": []byte("1"), "b/c": []byte("2")}); err != nil {
		t.Fatal(err)
	}
	if got, want := read(t, dir), (folder{"a": "1", "b/c": "2"}); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	var at *fs.PathError
	if err := WriteFiles(dir, map[string][]byte{"a/b": nil}); !errors.As(err, &at) {
		t.Errorf("a file below a file: %v", err)
	}
	if err := WriteFiles(filepath.Join(dir, "a"), nil); !errors.As(err, &at) {
		t.Errorf("a folder in the place of a file: %v", err)
	}
}

// TestCheckFolders names folders that can be made, and some that cannot.
func TestCheckFolders(t *testing.T) {
	d := Dist{Project: t.TempDir()}
	for _, dir := range []string{"dist/ship/bin", "elsewhere"} {
		if err := os.MkdirAll(d.Abs(dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	err := errors.Join(os.WriteFile(d.Abs("dist/boat"), nil, 0o644), os.Symlink("../elsewhere", d.Abs("dist/link")),
		os.Symlink("nowhere", d.Abs("dist/lost")))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{
		"dist/ship": nil, "dist/ship/bin": nil, "dist/ship/deb/linux_amd64": nil, "dist/mate/bin": nil, "dist/link/x": nil,
		"other/x": nil, "dist/boat": syscall.ENOTDIR, "dist/boat/bin": syscall.ENOTDIR, "dist/lost": syscall.ENOTDIR,
		"dist/lost/bin": syscall.ENOTDIR,
	} {
		if err := d.CheckFolders("dist", path); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
	if os.Getuid() == 0 {
		return // root may write anywhere
	}
	if err := os.Chmod(d.Abs("dist/ship"), 0o555); err != nil {
		t.Fatal(err)
	}
	if err := d.CheckFolders("dist/ship/deb"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("in a folder that cannot be written to: %v", err)
	}
}
