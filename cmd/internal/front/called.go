package front

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// commands is where the packages of slipway and mage are.
const commands = "github.com/slipway-build/slipway/cmd/"

// Where the go command leaves what it runs: in its build cache for go tool, and in a
// temporary folder for go run.
var (
	goTool = regexp.MustCompile(`/[0-9a-f]{2}/[0-9a-f]{64}-d/[^/]+$`)
	goRun  = regexp.MustCompile(`/go-build[0-9]+/b[0-9]+/exe/[^/]+$`)
)

// calledAs returns the words that a person starts this program with in a folder: where its
// executable is tells whether the go command did it. go tool runs what it has just compiled
// from where go run does, so it is taken for go tool where that would find this program.
func calledAs(name, word, exe, dir string) string {
	path := filepath.ToSlash(exe)
	switch {
	case goTool.MatchString(path), goRun.MatchString(path) && isTool(name, dir):
		return "go tool " + name
	case goRun.MatchString(path):
		return "go run " + commands + name + "@latest"
	case strings.ContainsRune(filepath.ToSlash(word), '/'):
		return word
	}
	return name
}

// isTool reports whether the module that a folder is in has the command of that name as a tool.
func isTool(name, dir string) bool {
	for ; ; dir = filepath.Dir(dir) {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil {
			mod, err := modfile.Parse("go.mod", text, nil)
			same := func(t *modfile.Tool) bool { return t.Path == commands+name }
			return err == nil && slices.ContainsFunc(mod.Tool, same)
		}
		if dir == filepath.Dir(dir) {
			return false
		}
	}
}

// version returns what this program is made of, as far as the go command noted it.
func (p program) version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "slipway"
	}
	parts := []string{strings.TrimSpace("slipway " + info.Main.Version)}
	for _, dep := range info.Deps {
		if dep.Path == "github.com/magefile/mage" {
			parts = append(parts, "mage "+dep.Version)
		}
	}
	return strings.Join(append(parts, info.GoVersion), ", ")
}
