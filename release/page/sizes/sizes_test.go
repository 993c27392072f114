package sizes

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

// ship is a program of two modules. Its packages are large enough to be told apart.
var ship = map[string]string{
	"go.mod": "module example.org/ship\n\ngo 1.24\n\nrequire gopkg.in/dock.v3 v3.0.0\n\n" +
		"replace gopkg.in/dock.v3 => ./dock\n",
	"cmd/captain/main.go": "package main\n\nimport (\n\t\"example.org/ship/deck\"\n\t\"gopkg.in/dock.v3\"\n)\n\n" +
		"func main() { println(deck.Clean(7), dock.Land[int](7)) }\n",
	"deck/deck.go": "package deck\n\n//go:noinline\nfunc Clean(n int) int {\n" +
		strings.Repeat("\tprintln(n, \"clean\")\n", 200) + "\treturn n\n}\n",
	"dock/go.mod": "module gopkg.in/dock.v3\n\ngo 1.24\n",
	"dock/dock.go": "package dock\n\n//go:noinline\nfunc Land[T any](n int) int {\n" +
		strings.Repeat("\tprintln(n, \"land\")\n", 20) + "\treturn n\n}\n",
}

// compile compiles ship without symbols.
func compile(t *testing.T, goos, goarch string, flags ...string) string {
	t.Helper()
	testkit.Need(t, "go")
	dir := t.TempDir()
	for name, text := range ship {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(dir, "captain")
	args := slices.Concat([]string{"build", "-trimpath", "-ldflags=-s -w", "-o", out}, flags, []string{"./cmd/captain"})
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0", "GOFLAGS=-mod=mod", "GOPROXY=off",
		"GOWORK=off", "GOSUMDB=off")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, text)
	}
	return out
}

func TestFile(t *testing.T) {
	for _, c := range []struct{ os, arch, mode string }{
		{"linux", "amd64", "exe"}, {"linux", "amd64", "pie"}, {"linux", "arm64", "exe"}, {"linux", "arm", "exe"},
		{"darwin", "arm64", "exe"}, {"windows", "amd64", "exe"},
	} {
		t.Run(c.os+"/"+c.arch+" "+c.mode, func(t *testing.T) {
			name := compile(t, c.os, c.arch, "-buildmode="+c.mode)
			got, err := File(name)
			if err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			total, of := int64(0), map[[2]string]int64{}
			for _, w := range got {
				total += w.Bytes
				of[[2]string{w.Module, w.Package}] = w.Bytes
			}
			if total != info.Size() {
				t.Errorf("%d bytes are told of, and the file has %d", total, info.Size())
			}
			deck := of[[2]string{"example.org/ship", "example.org/ship/deck"}]
			dock := of[[2]string{"gopkg.in/dock.v3", "gopkg.in/dock.v3"}]
			if dock < 200 || deck < 6*dock || deck > 30*dock {
				t.Errorf("deck has %d bytes and dock %d: deck has ten times the code", deck, dock)
			}
			for _, w := range [][2]string{{"example.org/ship", "example.org/ship/cmd/captain"}, {Standard, "runtime"},
				{"", ReadOnly}, {"", Data}} {
				if of[w] == 0 {
					t.Errorf("%s has no bytes: %v", w[1], got)
				}
			}
			if of[[2]string{"", OtherCode}] > total/20 || (c.os != "windows") != (of[[2]string{"", Lines}] > 0) {
				t.Errorf("what is not code of a package is told wrongly: %v", got)
			}
		})
	}
}

// TestOtherFiles holds that of what is no Go program nothing is said, and that a broken
// one is not told of as more than it is.
func TestOtherFiles(t *testing.T) {
	program, err := os.ReadFile(compile(t, "linux", "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"nothing": nil, "a letter": []byte("x"), "a script": []byte("#!/bin/sh\nexec captain\n"), "a head": program[:64],
		"MZ": []byte("MZ and then no program"), "ELF": []byte("\x7fELF and then no program"),
	} {
		if got, err := Read(bytes.NewReader(data), int64(len(data))); len(got) > 0 || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for i := 0; i < len(program); i += len(program)/97 + 1 {
		broken := slices.Clone(program)
		for j := i; j < min(i+4096, len(broken)); j++ {
			broken[j] ^= 0xa5
		}
		for _, data := range [][]byte{broken, program[:i]} {
			total := int64(0)
			got, _ := Read(bytes.NewReader(data), int64(len(data))) // an error is an answer, too
			for _, w := range got {
				total += w.Bytes
			}
			if total > int64(len(data)) {
				t.Errorf("broken at %d, it has %d bytes of %d", i, total, len(data))
			}
		}
	}
	if _, err := File(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("a missing file is no error")
	}
}

func TestModule(t *testing.T) {
	m := &modules{main: "example.org/ship/cmd/captain", known: map[string]Weight{}, paths: map[string]bool{
		"example.org/ship": true, "example.org/ship/api": true, "gopkg.in/yaml.v3": true}}
	old := &modules{known: map[string]Weight{}}
	for _, c := range []struct {
		m                  *modules
		name, module, path string
	}{
		{m, "main", "example.org/ship", "example.org/ship/cmd/captain"},
		{m, "example.org/ship/api/v1", "example.org/ship/api", "example.org/ship/api/v1"},
		{m, "example.org/ship/apis", "example.org/ship", "example.org/ship/apis"},
		{m, "gopkg.in/yaml%2ev3", "gopkg.in/yaml.v3", "gopkg.in/yaml.v3"},
		{m, "net/http", Standard, "net/http"},
		{m, "vendor/golang.org/x/net/idna", Standard, "vendor/golang.org/x/net/idna"},
		{old, "k8s.io/kubernetes/pkg/api", "k8s.io/kubernetes", "k8s.io/kubernetes/pkg/api"},
		{old, "k8s.io/kubernetes/vendor/github.com/a/b/c/d", "github.com/a/b", "k8s.io/kubernetes/vendor/github.com/a/b/c/d"},
		{old, "main", "main", "main"},
	} {
		if got, want := c.m.of(c.name), (Weight{Module: c.module, Package: c.path}); got != want {
			t.Errorf("%s is %+v, want %+v", c.name, got, want)
		}
	}
}
