// Package glob matches paths of a tree against patterns.
package glob

import (
	"fmt"
	"path"
	"strings"
)

// Check returns what is wrong with a glob over paths, if anything. In it, *
// matches anything within a folder and ** any number of folders.
func Check(glob string) error {
	if glob == "" || strings.HasPrefix(glob, "/") || strings.HasSuffix(glob, "/") {
		return fmt.Errorf("%q matches no file: write a path below the root, such as docs/** or Godeps/LICENSES", glob)
	}
	for part := range strings.SplitSeq(glob, "/") {
		if part != "**" && strings.Contains(part, "**") {
			return fmt.Errorf("%q: ** matches whole folders, so it must be alone between slashes", glob)
		}
		if _, err := path.Match(part, ""); err != nil {
			return fmt.Errorf("%q: %w", glob, err)
		}
	}
	return nil
}

// Matcher returns whether a path matches one of the globs.
func Matcher(globs []string) (func(name string) bool, error) {
	parts := make([][]string, len(globs))
	for i, g := range globs {
		if err := Check(g); err != nil {
			return nil, err
		}
		parts[i] = strings.Split(g, "/")
	}
	return func(name string) bool {
		for _, p := range parts {
			if matches(p, strings.Split(name, "/")) {
				return true
			}
		}
		return false
	}, nil
}

func matches(glob, name []string) bool {
	for len(glob) > 0 {
		if glob[0] == "**" {
			if len(glob) == 1 {
				return len(name) > 0
			}
			for i := range name {
				if matches(glob[1:], name[i:]) {
					return true
				}
			}
			return false
		}
		if len(name) == 0 {
			return false
		}
		if ok, err := path.Match(glob[0], name[0]); err != nil || !ok {
			return false
		}
		glob, name = glob[1:], name[1:]
	}
	return len(name) == 0
}
