// Package golden compares what a test made with the file that holds what it
// should make. With the flag -update the test writes the file instead.
package golden

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The flag is a package variable because the testing package parses flags before any test runs.
var update = flag.Bool("update", false, "write golden files instead of comparing with them")

// Check fails the test unless the file at path, which is relative to the
// package under test, holds got. The failure shows the first line that differs
// and the command that accepts all of them.
func Check(t testing.TB, path string, got []byte) {
	t.Helper()
	if *update {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, got, 0o644)); err != nil {
			t.Errorf("updating %s: %v", path, err)
		}
		return
	}
	compare(t, path, got)
}

func compare(t testing.TB, path string, got []byte) {
	t.Helper()
	want, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.Errorf("%s is not there yet\n  To write it: %s", path, command(t))
	case err != nil:
		t.Errorf("reading %s: %v", path, err)
	case !bytes.Equal(got, want):
		t.Errorf("%s is not what the test makes: %s\n  To accept this as it is now: %s", path,
			difference(string(want), string(got)), command(t))
	}
}

// difference shows the first line in which two texts differ.
func difference(want, got string) string {
	wants, gots := strings.SplitAfter(want, "\n"), strings.SplitAfter(got, "\n")
	n := 0
	for n < min(len(wants), len(gots)) && wants[n] == gots[n] {
		n++
	}
	return fmt.Sprintf("line %d\n    expected  %s\n    found     %s", n+1, line(wants, n), line(gots, n))
}

func line(lines []string, n int) string {
	if n >= len(lines) || lines[n] == "" {
		return "the end"
	}
	return fmt.Sprintf("%q", lines[n])
}

// command returns what a person types to update the golden files of a test.
func command(t testing.TB) string {
	name, _, _ := strings.Cut(t.Name(), "/")
	return fmt.Sprintf("go test ./%s -run '^%s$' -update", here(), name)
}

// here returns the folder of the package under test, relative to its module:
// tests run in it.
func here() string {
	dir, err := os.Getwd()
	if err != nil {
		return "..."
	}
	for root := dir; ; root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			rel, err := filepath.Rel(root, dir)
			if err == nil {
				return filepath.ToSlash(rel)
			}
		}
		if root == filepath.Dir(root) {
			return "..."
		}
	}
}
