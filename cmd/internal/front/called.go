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

const commands = "github.com/slipway-build/slipway/cmd/"

// Where the go command leaves what it runs: in its build cache for go tool, and in a
// temporary folder for go run, and for the run of go tool that compiled it.
var (
	goTool = regexp.MustCompile(`/[0-9a-f]{2}/[0-9a-f]{64}-d/[^/]+$`)
	goRun  = regexp.MustCompile(`/go-build[0-9]+/b[0-9]+/exe/[^/]+$`)
)

// calledAs returns the words that a person starts this program with in a folder: where its
// executable is tells whether the go command did it.
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

// isTool reports whether go tool knows the program in a folder.
func isTool(name, dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if above := filepath.Dir(dir); err != nil && above != dir {
		return isTool(name, above)
	}
	mod, err := modfile.Parse("go.mod", text, nil)
	return err == nil && slices.ContainsFunc(mod.Tool, func(t *modfile.Tool) bool { return t.Path == commands+name })
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
