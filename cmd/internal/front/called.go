package front

import (
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
)

// Where the go command leaves what it runs: in its build cache for go tool, and in a
// temporary folder for go run.
var (
	goTool = regexp.MustCompile(`/[0-9a-f]{2}/[0-9a-f]{64}-d/[^/]+$`)
	goRun  = regexp.MustCompile(`/go-build[0-9]+/b[0-9]+/exe/[^/]+$`)
)

// calledAs returns the words that a person starts this program with: where its executable
// is tells whether the go command did it.
func calledAs(name, word, exe string) string {
	path := filepath.ToSlash(exe)
	switch {
	case goTool.MatchString(path):
		return "go tool " + name
	case goRun.MatchString(path):
		return "go run github.com/slipway-build/slipway/cmd/" + name + "@latest"
	case strings.ContainsRune(filepath.ToSlash(word), '/'):
		return word
	}
	return name
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
