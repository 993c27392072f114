package targets_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A magefile is compiled once, and again after any change of what it is made of.
func TestMagefileIsCompiledWhenItChanges(t *testing.T) {
	t.Parallel()
	y := inYard(t)
	dir, cache := t.TempDir(), t.TempDir()
	if err := writeMagefile(dir); err != nil {
		t.Fatal(err)
	}
	put := func(name, text string) {
		t.Helper()
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	say := func(env ...string) string {
		t.Helper()
		cmd := exec.Command("go", "tool", "mage", "say")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "MAGEFILE_CACHE="+cache, "GOCACHE="+y.goCache, "GOMODCACHE="+y.modCache)
		cmd.Env = append(cmd.Env, env...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return strings.TrimSpace(string(out))
	}
	compiled := func() int64 {
		t.Helper()
		found, err := filepath.Glob(filepath.Join(cache, "slipway-*.inputs"))
		if err != nil || len(found) != 1 {
			t.Fatal(found, err)
		}
		info, err := os.Stat(strings.TrimSuffix(found[0], ".inputs"))
		if err != nil {
			t.Fatal(err)
		}
		return info.ModTime().UnixNano()
	}
	put("say.go", `//go:build mage

package main

import (
	"fmt"

	"example.org/harbour/words"
)

func Say() { fmt.Println(words.Words) }
`)
	put("words/words.go", "package words\n\nvar Words = \"one\"\n")
	if got := say(); got != "one" {
		t.Fatalf("it says %q", got)
	}
	first := compiled()
	if got := say(); got != "one" || compiled() != first {
		t.Errorf("it says %q, and was compiled again: %v", got, compiled() != first)
	}
	for _, c := range []struct{ name, file, text, want string }{
		{"another word", "words/words.go", "package words\n\nvar Words = \"two\"\n", "two"},
		{"a file more in a package", "words/more.go",
			"package words\n\nfunc init() { Words += \" and more\" }\n", "two and more"},
		{"another target", "say.go", "//go:build mage\n\npackage main\n\nfunc Say() { println(\"three\") }\n", "three"},
	} {
		put(c.file, c.text)
		if got := say(); got != c.want {
			t.Errorf("%s: it says %q, want %q", c.name, got, c.want)
		}
	}
	last := compiled()
	if got := say("GOFLAGS=-ldflags=-s"); got != "three" || compiled() == last {
		t.Errorf("with other flags it says %q, and was not compiled again: %v", got, compiled() == last)
	}
}

// Flags are written with hyphens or as Mage lists them.
func TestFlagsWithHyphens(t *testing.T) {
	t.Parallel()
	p := newProject(t, t.TempDir()).withGoTool(t)
	var said []string
	for _, flag := range []string{"-dry-run", "-dryRun", "-dry-run=true", "-dryrun"} {
		plan := exec.Command(filepath.Join(inYard(t).goBin, "go"), "tool", "mage", "release", flag, "-platforms=linux/arm64")
		plan.Dir, plan.Env = p.dir, p.env
		out, err := plan.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", flag, err, out)
		}
		said = append(said, string(out))
	}
	if !strings.Contains(said[0], "binary   bosun") || len(slices.Compact(said)) != 1 {
		t.Errorf("the plans are %q", said)
	}
}
