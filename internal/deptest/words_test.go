package deptest

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A phrase is one that this project does not use.
type phrase struct {
	words  string // in lower case; each is found whatever separates the words
	reason string
}

var phrases = []phrase{
	{"come to lie", "files are written or installed to a path"},
	{"comes to", "a fork builds packages, sizes are in total, a series makes a tree, files are written to a path"},
	{"see to it", "say who does what: checks, makes, writes"},
	{"sees to it", "say who does what: checks, makes, writes"},
	{"stands there", "a file exists, a line is in it"},
	{"what lacks", "what is missing"},
	{"workshop", "it is a session"},
}

// quotes are the files that may use them.
var quotes = []string{
	"internal/deptest/words_test.go",
	"installer/refuse_test.go", // has messages of the installer
}

// compiled are the folders whose sources are compiled into released images, text
// and line numbers: they change when what they do changes.
var compiled = []string{"installer", "cmd/installer", "cmd/pause"}

func TestWords(t *testing.T) {
	root := os.DirFS(filepath.Join("..", ".."))
	read := 0
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "dist"):
			return fs.SkipDir
		case d.IsDir() || !worded(name):
			return nil
		}
		data, err := fs.ReadFile(root, name)
		read++
		for _, fault := range wordFaults(name, string(data)) {
			t.Error(fault)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if read < 100 {
		t.Errorf("only %d files were read", read)
	}
}

func TestEachPhraseHasAReason(t *testing.T) {
	for _, p := range phrases {
		if p.reason == "" || p.words != strings.ToLower(p.words) {
			t.Errorf("%+v says too little", p)
		}
		if len(wordFaults("a.go", "x "+p.words+" x")) == 0 {
			t.Errorf("%q is not found", p.words)
		}
	}
}

func TestWordFaults(t *testing.T) {
	for text, want := range map[string]string{
		"// What a fork comes to.":                       "a.go:1: comes to",
		"\n\n// Comes\n//\tto this.":                     "a.go:3: comes to",
		"\nfmt.Errorf(\"it stands \" +\n\"there\")":      "a.go:2: stands there",
		"/*\n * It sees\n * to it. */":                   "a.go:2: sees to it",
		"type workshop struct{}":                         "a.go:1: workshop",
		"// It becomes to-day's, and welcomes tourists.": "",
		"// Here stand\n// there":                        "",
	} {
		got := strings.Join(wordFaults("a.go", text), "\n")
		if want == "" && got != "" || !strings.HasPrefix(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for name, want := range map[string]bool{
		"README.md": true, "CONTRIBUTING.md": true, "docs/fork.md": true, "slipway.go": true, "lock/lock_test.go": true,
		"installer/plan_test.go":  true,
		"ebuilds/files/README.md": false, "LICENSE": false, "installer/plan.go": false, "cmd/pause/main.go": false,
	} {
		if worded(name) != want {
			t.Errorf("worded(%s) = %v", name, !want)
		}
	}
}

// worded reports whether a file is held to the words: Go files, and the pages.
func worded(name string) bool {
	switch {
	case name == "README.md" || name == "CONTRIBUTING.md" || strings.HasPrefix(name, "docs/") && path.Ext(name) == ".md":
		return true
	case path.Ext(name) != ".go":
		return false
	}
	inImages := slices.Contains(compiled, path.Dir(name)) && !strings.HasSuffix(name, "_test.go")
	return !inImages && !slices.Contains(quotes, name)
}

// between is what can be between two words of a phrase: space, the line break of
// a comment, or that of a string that goes on in the next line.
const between = `(?:[\s/*]|"\s*\+\s*")+`

// wordFaults returns a line for each phrase that is in a text.
func wordFaults(name, text string) []string {
	var faults []string
	for _, p := range phrases {
		is := regexp.MustCompile(`(?i)\b` + strings.ReplaceAll(p.words, " ", between) + `\b`)
		for _, at := range is.FindAllStringIndex(text, -1) {
			line := 1 + strings.Count(text[:at[0]], "\n")
			faults = append(faults, fmt.Sprintf("%s:%d: %s: %s", name, line, p.words, p.reason))
		}
	}
	return faults
}
