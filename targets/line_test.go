package targets

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// magefile answers for one that has this package's targets in a namespace, targets of
// its own, and another name for some.
func magefile(prefix string, own, aliases map[string]string, asked *[]string) line {
	return line{ask: func(_ context.Context, known string, words ...string) (string, error) {
		switch words[0] {
		case "-l":
			out := "Targets:\n"
			for name := range changes() {
				out += "  " + prefix + name + "    does it\n"
			}
			for name := range own {
				out += "  " + name + "*    does something else\n"
			}
			return out + "\n* default target\n", nil
		case "-h":
			out := fmt.Sprintf("Does it.\n\nUsage:\n\n\tmage %s %s\n\n", words[1], own[words[1]])
			for alias, target := range aliases {
				if target == words[1] {
					out += "Aliases: " + alias + ", " + alias + "2\n\n"
				}
			}
			return out, nil
		}
		*asked = append(*asked, known+": "+strings.Join(words, " "))
		return "", nil
	}}
}

// TestLine holds what is asked before the first target of a line runs.
func TestLine(t *testing.T) {
	own := map[string]string{"publish": "<where> <when>", "test": "[-short=<bool>]"}
	aliases := map[string]string{"bin": "cross", "p": "publish"}
	for _, c := range []struct {
		line string
		want []string
		err  string
	}{
		{line: ""},
		{line: "cross"},
		{line: "cross -fork=ship -v=true"},
		{line: "cross deb -arch=arm64", want: []string{"all: cross deb -arch=arm64"}},
		{line: "Cross DEB", want: []string{"all: cross deb"}},
		{line: "clean cross -v deb", want: []string{"all: clean cross -v deb"}},
		{line: "patches:lock cross deb", want: []string{"all: patches:lock", "unlocked: cross deb"}},
		{line: "cross patches:lock deb patches:lock", want: []string{
			"all: cross patches:lock", "unlocked: deb patches:lock"}},
		{line: "patches:refresh cross", want: []string{"all: patches:refresh", "flags: cross"}},
		{line: "patches:lock patches:rebase -all cross", want: []string{
			"all: patches:lock", "unlocked: patches:rebase -all", "flags: cross"}},
		{line: "patches:import patches:lock cross", want: []string{"all: patches:import", "flags: patches:lock cross"}},
		{line: "cross test -short=true deb", want: []string{"all: cross", "flags: deb"}},
		{line: "cross publish deb rpm image", want: []string{"all: cross", "flags: image"}},
		{line: "cross p deb rpm", want: []string{"all: cross"}},
		{line: "publish here now cross", want: []string{"flags: cross"}},
		{line: "bin deb", want: []string{"all: cross deb"}},
		{line: "cross bin2", want: []string{"all: cross cross"}},
		{line: "release:verify folder -key=k cross", want: []string{"all: release:verify folder -key=k cross"}},
		{line: "cross release:shard ship.linux-amd64 -v deb", want: []string{
			"all: cross release:shard ship.linux-amd64 -v deb"}},
		{line: "release:merge -odd cross", want: []string{"all: release:merge -odd cross"}},
		{line: "release:merge deb cross", want: []string{"all: release:merge deb cross"}},
		{line: "patches:lock release:verify folder", want: []string{"all: patches:lock", "unlocked: release:verify folder"}},
		{line: "cross release:verify", err: `not enough arguments for target "release:verify": it takes 1` +
			"\n  To see which: mage -h release:verify"},
		{line: "release:merge a b cross", err: `unknown target "b"` + "\n  To list the targets: mage -l" +
			"\n  The flags of release:merge begin with a dash: mage -h release:merge"},
		{line: "release linux", err: `unknown target "linux"` + "\n  To list the targets: mage -l" +
			"\n  The flags of release begin with a dash: mage -h release"},
		{line: "cross linux", err: `unknown target "linux"` + "\n  To list the targets: mage -l" +
			"\n  The flags of cross begin with a dash: mage -h cross"},
		{line: "cross deb -arch=arm64 captain mate", err: `unknown target "captain"` + "\n  To list the targets: mage -l" +
			"\n  The flags of deb begin with a dash: mage -h deb"},
		{line: "cross publish deb", err: `not enough arguments for target "publish": it takes 2` +
			"\n  To see which: mage -h publish"},
		{line: "test captain cross", err: `unknown target "captain"` + "\n  To list the targets: mage -l"},
	} {
		var asked []string
		err := magefile("", own, aliases, &asked).check(t.Context(), strings.Fields(c.line))
		if (err == nil) != (c.err == "") || err != nil && err.Error() != c.err || !slices.Equal(asked, c.want) {
			t.Errorf("%s: asks %q, %v; want %q, %q", c.line, asked, err, c.want, c.err)
		}
	}
}

// TestLineInNamespace has a magefile that imports the targets under a name, and has a
// target of its own with the name of one of them.
func TestLineInNamespace(t *testing.T) {
	for line, want := range map[string]string{
		"slipway:cross slipway:patches:lock Slipway:deb": "all: slipway:cross slipway:patches:lock, unlocked: slipway:deb",
		"slipway:cross deb here slipway:rpm":             "all: slipway:cross, flags: slipway:rpm",
	} {
		var asked []string
		err := magefile("slipway:", map[string]string{"deb": "<where>"}, nil, &asked).check(t.Context(), strings.Fields(line))
		if got := strings.Join(asked, ", "); err != nil || got != want {
			t.Errorf("%s: asks %q, %v; want %q", line, got, err, want)
		}
	}
}

// TestChanges holds that each target of this package is in the table.
func TestChanges(t *testing.T) {
	list, err := os.ReadFile("testdata/targets.golden")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for line := range strings.Lines(string(list)) {
		if strings.HasPrefix(line, "  ") {
			want = append(want, strings.ToLower(strings.Fields(line)[0])) // as lines are read
		}
	}
	if got := slices.Sorted(maps.Keys(changes())); !slices.Equal(got, want) {
		t.Errorf("the targets are %q, want %q", got, want)
	}
}

func TestWordsOf(t *testing.T) {
	for line, want := range map[string]string{
		"cross -v": "cross -v", "-v cross -v": "cross -v", "-v -t 5m cross deb": "cross deb", "-t=5m cross": "cross",
		"-v=false -- cross": "cross", "": "", "-unknown cross": "",
	} {
		if got := strings.Join(wordsOf(strings.Fields(line)), " "); got != want {
			t.Errorf("of %q: %q, want %q", line, got, want)
		}
	}
}
