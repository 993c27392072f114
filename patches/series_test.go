package patches

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestParseSeries(t *testing.T) {
	for _, c := range []struct {
		name, series string
		want         []Patch
		err          string
	}{
		{name: "nothing"},
		{name: "comments and blanks", series: "# a series\n\n  # more\n \t\n"},
		{
			name: "names, options, comments",
			series: "a.patch\nsub/b.patch -p0\nc.diff -p2 # why\nd.patch -p 3\ne.patch -pab\nf.patch #-p7\n\ng.patch # -p1\n" +
				"h#i.patch",
			want: []Patch{
				{Name: "a.patch", Strip: 1, Data: []byte("a.patch")},
				{Name: "sub/b.patch", Strip: 0, Data: []byte("sub/b.patch")},
				{Name: "c.diff", Strip: 2, Data: []byte("c.diff")},
				{Name: "d.patch", Strip: 3, Data: []byte("d.patch")},
				{Name: "e.patch", Strip: 1, Data: []byte("e.patch")},
				{Name: "f.patch", Strip: 1, Data: []byte("f.patch")},
				{Name: "g.patch", Strip: 1, Data: []byte("g.patch")},
				{Name: "h#i.patch", Strip: 1, Data: []byte("h#i.patch")},
			},
		},
		{name: "reversed", series: "a.patch -R\n",
			err: "p/series:1: -R is not supported; store the patch the way round that it applies"},
		{name: "an option", series: "a.patch --fuzz=2\n",
			err: "p/series:1: --fuzz=2 is not an option of a patch, only -pN is; name one patch a line"},
		{name: "two patches", series: "a.patch b.patch\n",
			err: "p/series:1: b.patch is not an option of a patch, only -pN is; name one patch a line"},
		{name: "no number", series: "a.patch -px\n", err: "p/series:1: -px is not a number of folders; write -p1"},
		{name: "negative", series: "a.patch -p-1\n", err: "p/series:1: -p-1 is not a number of folders; write -p1"},
		{name: "missing number", series: "a.patch -p\n", err: "p/series:1: -p is not a number of folders; write -p1"},
		{name: "no name", series: "\n-p1 a.patch\n",
			err: "p/series:2: the line names no patch, only -p1; put the name first"},
		{name: "absolute", series: "/etc/a.patch\n",
			err: "p/series:1: /etc/a.patch leaves the patches folder; move the patch into it"},
		{name: "of the library", series: "slipway:bosun\n",
			err: "p/series:1: slipway:bosun is of Slipway's patch library, and no file; name it in fork.yaml, under patches"},
		{name: "above", series: "sub/../../a.patch\n",
			err: "p/series:1: sub/../../a.patch leaves the patches folder; move the patch into it"},
		{name: "roundabout", series: "./a.patch\n", err: "p/series:1: ./a.patch is not a clean path; write a.patch"},
		{name: "twice", series: "a.patch\nb.patch\na.patch -p0\n",
			err: "p/series:3: a.patch is named on line 1 already; remove one of the lines"},
		{name: "DOS", series: "a.patch\r\nb.patch\r\n",
			err: "p/series:1: the line has a carriage return; save the file with Unix line ends"},
		{
			name:   "all at once",
			series: "a.patch -R\nb.patch\nmissing.patch\n../c.patch\nb.patch\n",
			err: "p/series:1: -R is not supported; store the patch the way round that it applies\n" +
				"p/series:3: no missing.patch\n" +
				"p/series:4: ../c.patch leaves the patches folder; move the patch into it\n" +
				"p/series:5: b.patch is named on line 2 already; remove one of the lines",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parseSeries("p/series", []byte(c.series), readName)
			if text(err) != c.err {
				t.Errorf("error:\n%s\nwant:\n%s", text(err), c.err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// readName reads the name of a patch as the patch.
func readName(name string) ([]byte, error) {
	if name == "missing.patch" {
		return nil, errors.New("no missing.patch")
	}
	return []byte(name), nil
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestReadSeries(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "patches")
	files{
		"series":             "a.patch\nsub/b.patch -p0\n",
		"a.patch":            "a\r\n",
		"sub/b.patch":        "b",
		"not-in-it.patch":    "c",
		"broken/series":      "gone.patch\nsub\nempty.patch\nout.patch\n",
		"broken/sub/x":       "x",
		"broken/empty.patch": "",
		"broken/out.patch@":  "../a.patch",
		"none/a.patch":       "a",
		"folder/series/x":    "x",
	}.lay(t, mkdir(t, dir))

	got, err := ReadSeries(dir)
	must(t, err)
	want := []Patch{
		{Name: "a.patch", Strip: 1, Data: []byte("a\r\n")}, {Name: "sub/b.patch", Strip: 0, Data: []byte("b")},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, err := ReadSeries(filepath.Join(dir, "nowhere")); got != nil || err != nil {
		t.Errorf("a folder that does not exist: %v, %v; want nil, nil", got, err)
	}
	for name, want := range map[string][]string{
		"broken": {
			"DIR/series:1: gone.patch does not exist; add the file or remove the line\n",
			"DIR/series:2: sub is a folder; name the patches in it, one a line\n",
			"DIR/series:3: empty.patch is empty; write it again or remove the line\n",
			"DIR/series:4: out.patch cannot be read (", "); make it a file of this folder",
		},
		"none": {"DIR has no series file; list the patches in DIR/series, one per line, " +
			"or remove the folder if the fork has none"},
		"folder": {"reading DIR/series: "},
	} {
		_, err := ReadSeries(filepath.Join(dir, name))
		for _, part := range want {
			part = strings.ReplaceAll(part, "DIR", filepath.Join(dir, name))
			if !strings.Contains(text(err), part) {
				t.Errorf("%s: %q is missing from the error:\n%v", name, part, err)
			}
		}
	}
	if _, err := ReadSeries(filepath.Join(dir, "a.patch")); err == nil {
		t.Error("a file was read as a folder")
	}
}

func mkdir(t *testing.T, dir string) string {
	t.Helper()
	must(t, os.MkdirAll(dir, 0o755))
	return dir
}

func TestSHA256(t *testing.T) {
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if got := (Patch{Data: []byte("abc")}).SHA256(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzReadSeries(f *testing.F) {
	for _, s := range []string{"a.patch\nb/c.patch -p0 # x\n", "a -p 2\n# b\n\nc -pab", "a -R\n../b\n/c\nd\r\nd -p",
		"missing.patch -p9 -p1\x00\n."} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		series, err := parseSeries("series", data, readName)
		if err != nil {
			if series != nil {
				t.Error("patches beside an error")
			}
			for line := range strings.Lines(err.Error()) {
				if !strings.HasPrefix(line, "series:") {
					t.Errorf("no FILE:LINE before %q", line)
				}
			}
			return
		}
		again := ""
		seen := map[string]bool{}
		for _, p := range series {
			if !fs.ValidPath(p.Name) && strings.ToValidUTF8(p.Name, "") == p.Name || seen[p.Name] {
				t.Errorf("accepted the name %q", p.Name)
			}
			seen[p.Name] = true
			again += fmt.Sprintf("%s -p%d\n", p.Name, p.Strip)
		}
		if got, err := parseSeries("series", []byte(again), readName); err != nil || !reflect.DeepEqual(got, series) {
			t.Errorf("%q was read as %v, and what that says as %v, %v", data, series, got, err)
		}
	})
}
