package deptest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestProject(t *testing.T) {
	packages := load(t, filepath.Join("..", ".."))
	for _, name := range []string{".", "./lock", "./internal/run", "./targets"} {
		if !slices.ContainsFunc(packages, func(p Package) bool { return p.Name == name }) {
			t.Fatalf("the project has no package %s; it has %v", name, packages)
		}
	}
	for _, fault := range Check(Bans(), UseBans(), packages) {
		t.Error(fault)
	}
}

func TestEachBanHasAReason(t *testing.T) {
	for _, b := range Bans() {
		if b.Reason == "" || len(b.From) == 0 || len(b.Import) == 0 {
			t.Errorf("%+v says too little", b)
		}
	}
	for _, b := range UseBans() {
		if b.Reason == "" || len(b.Names) == 0 {
			t.Errorf("%+v says too little", b)
		}
	}
}

// TestEachBanCatches breaks every ban of the table once.
func TestEachBanCatches(t *testing.T) {
	concrete := func(pattern string) string {
		switch pattern {
		case "...", "third-party":
			return "example.org/other"
		case "./...":
			return "./new"
		}
		return strings.TrimSuffix(pattern, "/...")
	}
	for _, b := range Bans() {
		for _, from := range b.From {
			for _, to := range b.Import {
				p := Package{Name: concrete(from), Imports: []string{concrete(to)}}
				if p.Name == p.Imports[0] {
					continue
				}
				if faults := Check([]Ban{b}, nil, []Package{p}); (len(faults) == 0) != matches(b.Allow, p.Imports[0]) {
					t.Errorf("%s may import %s: %+v", p.Name, p.Imports[0], b)
				}
			}
		}
	}
	for _, b := range UseBans() {
		for _, name := range b.Names {
			p := Package{Name: "./new", Uses: []string{"new.go:1 " + strings.Replace(name, "*", "ln", 1)}}
			if faults := Check(nil, []UseBan{b}, []Package{p}); len(faults) != 1 {
				t.Errorf("./new may use %s: %q", name, faults)
			}
		}
	}
}

func TestCheck(t *testing.T) {
	packages := []Package{
		{Name: ".", Imports: []string{"./cross", "./lock"}},
		{Name: "./cross", Imports: []string{"./event", "fmt"},
			Uses: []string{"cross/a.go:3 os.Getenv", "cross/a.go:4 os.Open"}},
		{Name: "./event", Imports: []string{"./sub/deep", "os/exec"}},
		{Name: "./lock", Imports: []string{"github.com/x/y", "strings"}},
		{Name: "./sub/deep", Imports: []string{"./cross"},
			Uses: []string{"sub/deep/b.go:1 fmt.Println", "sub/deep/b.go:2 fmt.Fprint"}},
	}
	for _, c := range []struct {
		name string
		ban  Ban
		want []string
	}{
		{"a package", Ban{From: []string{"./cross"}, Import: []string{"./event"}, Reason: "so"},
			[]string{"./cross imports ./event: so"}},
		{"another", Ban{From: []string{"./lock"}, Import: []string{"./event"}, Reason: "so"}, nil},
		{"only directly", Ban{From: []string{"."}, Import: []string{"./event"}, Reason: "so"}, nil},
		{"through others", Ban{From: []string{"."}, Import: []string{"./event"}, Reach: true, Reason: "so"},
			[]string{". imports ./cross imports ./event: so"}},
		{"through others, to Go's own", Ban{From: []string{"."}, Import: []string{"os/..."}, Reach: true, Reason: "so"},
			[]string{". imports ./cross imports ./event imports os/exec: so"}},
		{"in a circle", Ban{From: []string{"./cross"}, Import: []string{"./cross"}, Reach: true, Reason: "so"}, nil},
		{"all but some", Ban{From: []string{"./..."}, Except: []string{"."},
			Import: []string{"./..."}, Allow: []string{"./cross"}, Reason: "so"},
			[]string{"./cross imports ./event: so", "./event imports ./sub/deep: so"}},
		{"nobody else's", Ban{From: []string{"./..."}, Import: []string{"third-party"}, Reason: "so"},
			[]string{"./lock imports github.com/x/y: so"}},
		{"below a folder", Ban{From: []string{"./sub/..."}, Import: []string{"..."}, Reason: "so"},
			[]string{"./sub/deep imports ./cross: so"}},
	} {
		if got := Check([]Ban{c.ban}, nil, packages); !slices.Equal(got, c.want) {
			t.Errorf("%s: Check() = %q, want %q", c.name, got, c.want)
		}
	}
	for _, c := range []struct {
		ban  UseBan
		want []string
	}{
		{UseBan{Names: []string{"os.Getenv"}, Reason: "so"}, []string{"cross/a.go:3: ./cross uses os.Getenv: so"}},
		{UseBan{Names: []string{"fmt.Print*"}, Reason: "so"}, []string{"sub/deep/b.go:1: ./sub/deep uses fmt.Println: so"}},
		{UseBan{Names: []string{"os.Getenv", "fmt.Print*"}, Except: []string{"./cross", "./sub/..."}, Reason: "so"}, nil},
	} {
		if got := Check(nil, []UseBan{c.ban}, packages); !slices.Equal(got, c.want) {
			t.Errorf("%+v: Check() = %q, want %q", c.ban, got, c.want)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern string
		yes, no string
	}{
		{"...", ". ./lock os log/slog example.org/x", ""},
		{"./...", ". ./lock ./internal/run", "lock os example.org/x"},
		{"third-party", "example.org/x github.com/a/b", ". ./lock os log/slog"},
		{".", ".", "./lock os"},
		{"./lock", "./lock", ". ./lock/x ./locks lock"},
		{"./internal/...", "./internal ./internal/run", "./internals . internal/abi"},
		{"log/...", "log log/slog", "./log logs"},
	} {
		for name := range strings.FieldsSeq(c.yes) {
			if !match(c.pattern, name) {
				t.Errorf("%s does not match %s", c.pattern, name)
			}
		}
		for name := range strings.FieldsSeq(c.no) {
			if match(c.pattern, name) {
				t.Errorf("%s matches %s", c.pattern, name)
			}
		}
	}
}

func TestRead(t *testing.T) {
	const source = `package x

import (
	"fmt"
	clock "time"
	"example.org/lib/v2"
	"example.org/slipway/lock"
	. "os"
)

var out = Stdout

func f(os struct{ Getenv int }) {
	fmt.Println(clock.Now(), os.Getenv)
	print("x")
	fmt.Fprint(out)
}
`
	imports, uses, err := read("example.org/slipway", "x/x.go", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"./lock", "example.org/lib/v2", "fmt", "os", "time"}; !slices.Equal(imports, want) {
		t.Errorf("the imports are %q, want %q", imports, want)
	}
	want := []string{
		"x/x.go:8 dot import of os", "x/x.go:14 fmt.Println", "x/x.go:14 time.Now",
		"x/x.go:15 builtin.print", "x/x.go:16 fmt.Fprint",
	}
	if !slices.Equal(uses, want) {
		t.Errorf("the uses are %q, want %q", uses, want)
	}
	for name, source := range map[string]string{
		"a magefile": "//go:build mage\n\npackage main\n\nimport \"os\"\n",
		"broken":     "package",
	} {
		imports, uses, err := read("example.org/slipway", "x.go", []byte(source))
		if imports != nil || uses != nil || (err == nil) != (name == "a magefile") {
			t.Errorf("%s is read as %q, %q, %v", name, imports, uses, err)
		}
	}
}

// load returns the packages of the module in the folder root.
func load(t *testing.T, root string) []Package {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list",
		"-json=ImportPath,Dir,Module,GoFiles,CgoFiles,IgnoredGoFiles", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []Package
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var listed struct {
			ImportPath, Dir                   string
			Module                            struct{ Path, Dir string }
			GoFiles, CgoFiles, IgnoredGoFiles []string
		}
		if err := dec.Decode(&listed); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		p := Package{Name: short(listed.Module.Path, listed.ImportPath)}
		imports := map[string]bool{}
		for _, name := range slices.Concat(listed.GoFiles, listed.CgoFiles, listed.IgnoredGoFiles) {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file := path.Join(p.Name, name)
			found, uses, err := readFile(listed.Module.Path, file, filepath.Join(listed.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range found {
				imports[i] = true
			}
			p.Uses = append(p.Uses, uses...)
		}
		p.Imports = slices.Sorted(maps.Keys(imports))
		packages = append(packages, p)
	}
}
