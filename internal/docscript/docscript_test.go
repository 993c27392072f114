package docscript

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

// page has "~~~" where Markdown has the fence of a block.
func page(text string) string { return strings.ReplaceAll(text, "~~~", "```") }

func TestRead(t *testing.T) {
	for name, c := range map[string]struct {
		page string
		want []Block
	}{
		"no block": {"# Ship\n", nil},
		"a block": {"Sail:\n\n~~~console\n$ captain\nAye.\n~~~\n",
			[]Block{{4, "console", "", []string{"$ captain", "Aye."}, "", ""}}},
		"a file": {"~~~yaml forks/ship/fork.yaml\nname: ship\n~~~\n",
			[]Block{{2, "yaml", "forks/ship/fork.yaml", []string{"name: ship"}, "", ""}}},
		"not run": {"<!-- not run: it sinks -->\n~~~\n$ captain\n~~~\n~~~\n$ bosun\n~~~\n",
			[]Block{{3, "", "", []string{"$ captain"}, "it sinks", ""}, {6, "", "", []string{"$ bosun"}, "", ""}}},
		"run by another, a blank line between": {"<!-- run by: TestShip -->\n\n~~~\n$ captain\n~~~\n",
			[]Block{{4, "", "", []string{"$ captain"}, "", "TestShip"}}},
		"in a list": {"1. Sail:\n   <!-- not run: it sinks -->\n   ~~~\n   $ captain\n     aye\n   ~~~\n",
			[]Block{{4, "", "", []string{"$ captain", "  aye"}, "it sinks", ""}}},
		"a mark without a reason": {"<!-- not run: -->\n~~~\n$ captain\n~~~\n",
			[]Block{{3, "", "", []string{"$ captain"}, "", ""}}},
	} {
		if got, err := Read(page(c.page)); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: blocks are %+v, %v, want %+v", name, got, err, c.want)
		}
	}
	if _, err := Read(page("\n~~~\n$ captain\n")); err == nil || err.Error() != "line 2: the block has no end" {
		t.Errorf("of a block without an end, the error is %v", err)
	}
}

func TestSteps(t *testing.T) {
	for name, c := range map[string]struct {
		block Block
		want  []Step
	}{
		"commands and what they print": {
			Block{Line: 3, Lang: "console", Text: []string{"$ captain  # sails", "Aye.", "", "  Aye.", "# bosun", "$ mate"}},
			[]Step{{3, "captain  # sails", false, []string{"Aye.", "", "  Aye."}, "", ""}, {7, "bosun", true, nil, "", ""},
				{8, "mate", false, nil, "", ""}}},
		"a command of two lines": {Block{Line: 3, Text: []string{`$ captain \`, "    -sail", "Aye."}},
			[]Step{{3, "captain \\\n    -sail", false, []string{"Aye."}, "", ""}}},
		"without prompts": {Block{Line: 3, Text: []string{"go version   # says which", "", "mkdir x"}},
			[]Step{{3, "go version   # says which", false, nil, "", ""}, {5, "mkdir x", false, nil, "", ""}}},
		"without prompts, of two lines": {Block{Line: 3, Lang: "sh", Text: []string{`captain \`, "  -sail"}},
			[]Step{{3, "captain \\\n  -sail", false, nil, "", ""}}},
		"a pipe": {Block{Line: 3, Text: []string{"$ captain |", "    mate", "Aye."}},
			[]Step{{3, "captain |\n    mate", false, []string{"Aye."}, "", ""}}},
		"a file": {Block{Line: 3, Lang: "yaml", File: "a.yaml", Text: []string{"a: $ b"}},
			[]Step{{3, "", false, []string{"a: $ b"}, "a.yaml", ""}}},
		"commands of hosts": {
			Block{Line: 3, Lang: "console", Text: []string{"root@n1:~# captain \\", "    -sail", "Aye.", "mate@n2:/srv$ bosun"}},
			[]Step{{3, "captain \\\n    -sail", true, []string{"Aye."}, "", "n1"}, {6, "bosun", false, nil, "", "n2"}}},
		"a file of a host": {Block{Line: 3, Lang: "yaml", File: "n1:/etc/a.yaml", Text: []string{"a: b"}},
			[]Step{{3, "", false, []string{"a: b"}, "/etc/a.yaml", "n1"}}},
		"no prompt of a host": {Block{Line: 3, Lang: "console", Text: []string{"$ captain", "root@n1: aye"}},
			[]Step{{3, "captain", false, []string{"root@n1: aye"}, "", ""}}},
		"an error":          {Block{Line: 3, Text: []string{"Error: no ship"}}, nil},
		"another language":  {Block{Line: 3, Lang: "go", Text: []string{"go func() {}()"}}, nil},
		"a comment in yaml": {Block{Line: 3, Lang: "yaml", Text: []string{"# a: b"}}, nil},
		"nothing":           {Block{Line: 3}, nil},
	} {
		if got := c.block.Steps(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: the steps are %+v, want %+v", name, got, c.want)
		}
	}
}

func TestDiffer(t *testing.T) {
	const sum = "ship  sha256:3fce"
	for name, c := range map[string]struct {
		shown, printed string
		differ         bool
	}{
		"the same":                    {"a\n  b", "a\n  b", false},
		"another time":                {"cross   4m53s\n" + sum, "cross  12s\n" + sum, false},
		"another sum":                 {"cross   4m53s\n" + sum, "cross  4m53s\nship  sha256:3fcd", true},
		"a time that became a word":   {"cross   12s", "cross   kept", true},
		"a line too few":              {"a\nb", "a", true},
		"a line too many":             {"a", "a\nb", true},
		"nothing printed":             {"a", "", true},
		"lines left out":              {"a\n...\nd", "a\nb\nc\nd", false},
		"no line to leave out":        {"a\n…\nd", "a\nd", false},
		"lines left out, another end": {"a\n...\nd", "a\nb\nc", true},
		"lines left out twice":        {"...\nb\n...\nd\n...", "a\nb\nc\nd", false},
		"a part left out":             {"ship  sha256:3f…  4s", "ship  sha256:3fce  5s", false},
		"a part left out, another":    {"ship  sha256:3f…", "ship  sha256:4fce", true},
		"downloads":                   {"a", "go: downloading example.org/rope v1.2.3\na", false},
		"progress": {"  cross    ship                                 12s",
			"  cross    ship  7/9 packages  1m30s\n  cross    ship  2m00s\n  cross    ship                  2m12s", false},
		"progress of a stage that tells at its end alone what it made": {"  modules  67 modules  12s",
			"  modules  30s\n  modules  1m00s\n  modules  67 modules  1m33s", false},
		"the end of a stage that looks like progress": {"  deb      a\n  deb      b  1m12s", "  deb      a", true},
		"progress with a word of what": {"  cross    ship   12s",
			"  cross    ship  7/9 packages  kept\n  cross    ship   12s", true},
		"a dot is a dot": {"a.b", "axb", true},
	} {
		got := Differ(strings.Split(c.shown, "\n"), strings.Split(c.printed, "\n"))
		if (got != "") != c.differ {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestShell(t *testing.T) {
	testkit.Need(t, "bash")
	blocks, err := Read(page("~~~console\n$ mkdir -p hold && cd hold\n$ pwd | sed 's|.*/||'\nhold\n~~~\n" +
		"<!-- not run: it sinks -->\n~~~\n$ exit 3\n~~~\n" +
		"~~~yaml deck/a.yaml\na: $HOME 'b'\n~~~\n" +
		"~~~console\n$ cat deck/a.yaml; printf 'no newline' >&2; cat\na: $HOME 'b'\nno newline\n" +
		"$ SHIP=captain  # a variable\n$ echo \"$SHIP\" sails\nbosun sails\n$ echo 'Error: no ship'; false\n" +
		"Error: no ship\n$ echo 'Error: no ship'\nError: no ship\n$ (exit 4)\n$ echo late\n~~~\n"))
	if err != nil {
		t.Fatal(err)
	}
	shell := Shell{Dir: t.TempDir(), Env: []string{"PATH=" + testkit.Path(), "HOME=/home/mate"}}
	results, err := shell.Run(t.Context(), ToRun(blocks))
	if err != nil {
		t.Fatal(err)
	}
	var faults []string
	for _, r := range results {
		if r.Seconds < 0 || r.Seconds > 60 {
			t.Errorf("%q took %f s", r.Command, r.Seconds)
		}
		if f := r.Fault("ship.md"); f != "" {
			faults = append(faults, f)
		}
	}
	want := []string{
		"ship.md:18: echo \"$SHIP\" sails: the page shows \"bosun sails\", but \"captain sails\" is printed, in\n" +
			"captain sails",
		"ship.md:22: echo 'Error: no ship': does not fail\nError: no ship",
		"ship.md:24: (exit 4): failed\n",
	}
	if !reflect.DeepEqual(faults, want) {
		t.Errorf("the faults are %q, want %q", faults, want)
	}
}

// whole are the pages of which a test runs every block that is not marked.
var whole = map[string]string{"README.md": "TestReadme", "tutorial.md": "TestTutorial"}

// generated are the pages whose examples come from what the commands say of themselves.
var generated = []string{"targets.md"}

// TestEveryCommandIsRun holds that of each command of a page, a test runs it, or the page says why none does.
func TestEveryCommandIsRun(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	tests := testNames(t)
	for _, name := range append(pages, filepath.Join("..", "..", "README.md")) {
		if slices.Contains(generated, filepath.Base(name)) {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		blocks, err := Read(string(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, b := range blocks {
			if b.RunBy != "" && !tests[b.RunBy] {
				t.Errorf("%s:%d: there is no test %s", name, b.Line-1, b.RunBy)
			}
		}
		if test, ok := whole[filepath.Base(name)]; ok && tests[test] {
			continue
		}
		for _, b := range Unmarked(blocks) {
			t.Errorf("%s:%d: nothing runs %q: say why in the line before, <!-- not run: REASON -->, or which test does, "+
				"<!-- run by: TestName -->", name, b.Line, b.Text[0])
		}
	}
}

// testNames returns the tests that run what pages show.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, dir := range []string{"acceptance", "repo/bootstrap", "targets", "internal/docscript"} {
		files, err := filepath.Glob(filepath.Join("..", "..", dir, "*_test.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(dir, files, err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, is := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(text), -1) {
				found[is[1]] = true
			}
		}
	}
	return found
}

func ExampleBlock_Steps() {
	blocks, _ := Read(page("~~~console\n$ captain -h\nsails\n~~~\n"))
	fmt.Printf("%q\n", blocks[0].Steps()[0].Command)
	// Output: "captain -h"
}
