// Package licenses detects the licenses of source code from the texts in its
// folders.
package licenses

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	classifier "github.com/google/licenseclassifier/v2"
	"github.com/google/licenseclassifier/v2/assets"
)

// A Detector detects licenses. It reads each folder once, and must not be used by
// several goroutines at the same time.
type Detector struct {
	classifier *classifier.Classifier
	read       map[string][]string // licenses by folder
}

// NewDetector returns a Detector. It loads the texts of all known licenses, which
// takes about a second.
func NewDetector() (*Detector, error) {
	c, err := assets.DefaultClassifier()
	return &Detector{c, map[string][]string{}}, err
}

// text matches the names of files that hold licenses.
var text = regexp.MustCompile(`(?i)^(un)?(licen[cs]e|copying)([-_.].*)?$`)

// IsText reports whether a file of that name holds licenses.
func IsText(name string) bool { return text.MatchString(name) && !strings.HasSuffix(name, ".go") }

// Of returns the SPDX identifiers of the licenses of a Go package, sorted, each
// once. The package is in dir, and its module in root, a folder above or the same;
// the texts of both and of the folders between count. An *UnknownError says that
// there is no known text at all.
func (d *Detector) Of(root, dir string) ([]string, error) {
	var out []string
	for at := dir; ; at = filepath.Dir(at) {
		found, err := d.in(at)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
		if at == root || !strings.HasPrefix(at, root) {
			break
		}
	}
	slices.Sort(out)
	if out = slices.Compact(out); len(out) == 0 {
		return nil, &UnknownError{Dir: dir}
	}
	return out, nil
}

// An UnknownError is of code that no known license text belongs to.
type UnknownError struct {
	Dir string // of the code
}

func (e *UnknownError) Error() string {
	return e.Dir + " has no known license text, but packages must name the licenses of everything they link"
}

// in returns the licenses of the texts in one folder.
func (d *Detector) in(dir string) ([]string, error) {
	if found, ok := d.read[dir]; ok {
		return found, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if !e.Type().IsRegular() || !IsText(e.Name()) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		for _, m := range d.classifier.Match(data).Matches {
			if m.MatchType == "License" && !slices.Contains(out, m.Name) {
				out = append(out, m.Name)
			}
		}
	}
	d.read[dir] = out
	return out, nil
}
