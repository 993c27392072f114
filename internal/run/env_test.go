package run

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestEnvGet(t *testing.T) {
	env := Env{"A=1", "B=", "A=2", "AB=3", "C=x=y", "D"}
	for key, want := range map[string]string{"A": "2", "B": "", "AB": "3", "C": "x=y", "D": "", "absent": ""} {
		if got := env.Get(key); got != want {
			t.Errorf("Get(%q) = %q, want %q", key, got, want)
		}
	}
}

func TestEnvWith(t *testing.T) {
	env := append(make(Env, 0, 8), "A=1") // room behind, which two environments must not share
	b, c := env.With("A=2", "B=3"), env.With("C=4")
	for _, x := range []struct {
		got  Env
		want []string
	}{{env, []string{"A=1"}}, {b, []string{"A=1", "A=2", "B=3"}}, {c, []string{"A=1", "C=4"}}} {
		if !slices.Equal(x.got, x.want) {
			t.Errorf("the environment is %q, want %q", x.got, x.want)
		}
	}
}

func TestEnvWithout(t *testing.T) {
	env := Env{"GOFLAGS=-v", "HOME=/home/ann", "GOOS=", "ALGO=x", "GOFLAGS=-x"}
	got := env.Without(func(key string) bool { return strings.HasPrefix(key, "GO") })
	if want := []string{"HOME=/home/ann", "ALGO=x"}; !slices.Equal(got, want) {
		t.Errorf("Without() = %q, want %q", got, want)
	}
	if len(env) != 5 || env[1] != "HOME=/home/ann" {
		t.Errorf("Without() changed the environment it was asked of: %q", env)
	}
}

func TestLookPath(t *testing.T) {
	dir := t.TempDir()
	for name, perm := range map[string]os.FileMode{"a/tool": 0o644, "b/tool": 0o755, "c/tool": 0o755, "c/other": 0o755} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, perm); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "a", "other"), 0o755); err != nil {
		t.Fatal(err)
	}
	join := func(dirs ...string) string {
		for i, d := range dirs {
			dirs[i] = filepath.Join(dir, d)
		}
		return strings.Join(dirs, string(filepath.ListSeparator))
	}
	for _, c := range []struct{ path, name, want string }{
		{join("a", "b", "c"), "tool", "b/tool"}, // a's cannot be executed
		{join("c", "b"), "tool", "c/tool"},
		{join("absent", "a", "c"), "other", "c/other"}, // a's is a folder
		{join("a"), "tool", ""},
		{"", "tool", ""},
	} {
		want := ""
		if c.want != "" {
			want = filepath.Join(dir, c.want)
		}
		got, err := Env{"PATH=" + c.path}.LookPath(c.name)
		if got != want || (err == nil) != (want != "") || err != nil && err.Error() != c.name+": no such program in PATH" {
			t.Errorf("in %s, LookPath(%q) = %q, %v, want %q", c.path, c.name, got, err, want)
		}
	}
	for _, name := range []string{"/absent/tool", "./tool"} {
		if got, err := (Env{}).LookPath(name); err != nil || got != name {
			t.Errorf("LookPath(%q) = %q, %v", name, got, err)
		}
	}
}
