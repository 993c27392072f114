package targets_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/magefile/mage/parse"

	"github.com/slipway-build/slipway/internal/golden"
	"github.com/slipway-build/slipway/internal/hint"
)

// A target is what Mage's own parser says of one: its name, its doc comment, and its flags
// and arguments with their trailing comments.
type target struct {
	*parse.Function
	name string
}

// targetsOf returns the targets of this package, sorted as mage -l shows them.
func targetsOf(t *testing.T) []target {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, "_test.go") })
	info, err := parse.Package(".", files, false)
	if err != nil {
		t.Fatal(err)
	}
	var out []target
	for _, f := range info.Funcs {
		out = append(out, target{f, strings.ToLower(f.TargetName())})
	}
	slices.SortFunc(out, func(a, b target) int { return strings.Compare(a.name, b.name) })
	if len(out) < 30 {
		t.Fatalf("only %d targets were found", len(out))
	}
	return out
}

// A flagText is the trailing comment of a parameter, in parts: -platforms=LIST of
// "LIST the platforms (default: all)".
type flagText struct{ kind, meaning, byDefault string }

var flagForm = regexp.MustCompile(`^(?:([A-Z]{2,}) )?([a-z].*?)(?: \(default: (.+)\))?$`)

func readFlag(a parse.Arg) (flagText, error) {
	m := flagForm.FindStringSubmatch(a.Comment)
	switch {
	case m == nil:
		return flagText{}, fmt.Errorf("its comment is %q: want TYPE, what it means, and (default: what)", a.Comment)
	case strings.Contains(m[2], "(default"):
		return flagText{}, fmt.Errorf("its comment %q: want the default at the end", a.Comment)
	case a.Optional && (a.Type == "bool") == (m[1] != ""):
		return flagText{}, fmt.Errorf("its comment %q: a type in capitals, and none where it is on or off", a.Comment)
	case !a.Optional && m[1]+m[3] != "":
		return flagText{}, fmt.Errorf("its comment %q: an argument has no type and no default", a.Comment)
	}
	return flagText{m[1], m[2], m[3]}, nil
}

// examples returns the commands in a doc comment, each with why one would call it, and what
// comes before them.
func (f target) examples() (before string, commands [][2]string) {
	before, after, _ := strings.Cut(f.Comment, "\nExamples:\n")
	for line := range strings.Lines(after) {
		if command, why, _ := strings.Cut(line, "  #"); strings.TrimSpace(command) != "" {
			commands = append(commands, [2]string{strings.TrimSpace(command), strings.TrimSpace(why)})
		}
	}
	return hint.Doc(strings.TrimSpace(before), f.Name), commands
}

func TestFlagsAreDocumented(t *testing.T) {
	for _, f := range targetsOf(t) {
		for _, a := range f.Args {
			if _, err := readFlag(a); err != nil {
				t.Errorf("%s -%s: %v", f.name, a.Name, err)
			}
		}
	}
}

// differs are the flags that mean another thing to some targets, by the text that those have.
// Every other flag has one text.
var differs = map[string]bool{
	"arch": true, "force": true, "format": true, "fork": true, "from": true, "json": true, "key": true, "platforms": true,
	"registry": true, "to": true,
}

func TestAFlagHasOneText(t *testing.T) {
	texts := map[string]map[string][]string{}
	for _, f := range targetsOf(t) {
		for _, a := range f.Args {
			if texts[a.Name] == nil {
				texts[a.Name] = map[string][]string{}
			}
			texts[a.Name][a.Comment] = append(texts[a.Name][a.Comment], f.name)
		}
	}
	for name, by := range texts {
		if one := len(by) == 1; one == differs[name] {
			t.Errorf("-%s has %d texts, and differs[%[1]q] is %v: %v", name, len(by), differs[name], by)
		}
	}
}

// TestExamples holds that examples are of their target, and use flags that it has.
func TestExamples(t *testing.T) {
	all := targetsOf(t)
	args := map[string][]parse.Arg{}
	for _, f := range all {
		args[f.name] = f.Args
	}
	for _, f := range all {
		_, commands := f.examples()
		if want := min(2, 1+len(f.Args)); len(commands) < want {
			t.Errorf("%s has %d examples; want %d", f.name, len(commands), want)
		}
		for _, c := range commands {
			if err := checkExample(c[0], f.name, args); err != nil {
				t.Errorf("%s: %s: %v", f.name, c[0], err)
			}
		}
	}
}

// checkExample returns what is wrong with a command of a target's examples.
func checkExample(command, target string, args map[string][]parse.Arg) error {
	words := strings.Fields(command)
	if len(words) < 2 || words[0] != "mage" || words[1] != target {
		return fmt.Errorf("want mage %s", target)
	}
	at, missing := "", 0
	for _, w := range words[1:] {
		var err error
		switch _, known := args[w]; {
		case strings.HasPrefix(w, "-"):
			err = checkFlag(w, args[at])
		case missing > 0:
			missing--
		case known:
			at, missing = w, len(parse.Function{Args: args[w]}.RequiredArgs())
		default:
			err = fmt.Errorf("there is no target %s", w)
		}
		if err != nil {
			return err
		}
	}
	if missing > 0 {
		return fmt.Errorf("%d arguments are missing", missing)
	}
	return nil
}

// checkFlag returns what is wrong with a flag of a command.
func checkFlag(word string, args []parse.Arg) error {
	name, value, given := strings.Cut(strings.TrimPrefix(word, "-"), "=")
	i := slices.IndexFunc(args, func(a parse.Arg) bool { return a.Optional && hint.Flag(a.Name) == name })
	switch {
	case i < 0:
		return fmt.Errorf("there is no flag -%s", name)
	case given == (args[i].Type == "bool") || given && value == "":
		return fmt.Errorf("-%s has the value %q", name, value)
	}
	return nil
}

// docs/targets.md is what the targets' comments say, as a page.
func TestTargetsPage(t *testing.T) {
	golden.Check(t, "../docs/targets.md", []byte(targetsPage(t)))
}

func targetsPage(t *testing.T) string {
	var b strings.Builder
	b.WriteString(strings.ReplaceAll(pageHead, `"`, "`"))
	all := targetsOf(t)
	for _, f := range all {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s |\n", f.name, anchor(f.name), f.Synopsis)
	}
	for _, f := range all {
		f.write(t, &b)
	}
	return b.String()
}

const pageHead = `# Targets

What "mage -h TARGET" says of each target, on one page. It is generated: "go test ./targets -update".

A flag is given as "-name=value"; one that is on or off, as "-name" or "-name=false". A list has commas between its
items. Where a flag is not given, its variable is used: "FORK=etcd-3.7 mage cross" is "mage cross -fork=etcd-3.7".

| target | what it does |
| --- | --- |
`

func anchor(name string) string { return strings.ReplaceAll(name, ":", "") }

// write writes the section of a target.
func (f target) write(t *testing.T, b *strings.Builder) {
	before, commands := f.examples()
	fmt.Fprintf(b, "\n## `%s`\n\n%s\n", f.name, before)
	usage := "mage " + f.name
	for _, a := range f.RequiredArgs() {
		usage += " " + strings.ToUpper(a.Name)
	}
	fmt.Fprintf(b, "\n```\n%s\n```\n", usage+map[bool]string{true: " [flags]"}[f.HasOptionalArgs()])
	if len(f.Args) > 0 {
		b.WriteString("\n| flag | what it means | default | variable |\n| --- | --- | --- | --- |\n")
	}
	for _, a := range f.RequiredArgs() {
		fmt.Fprintf(b, "| `%s` | %s | | |\n", strings.ToUpper(a.Name), a.Comment)
	}
	for _, a := range f.OptionalArgs() {
		text, err := readFlag(a)
		if err != nil {
			t.Fatal(err)
		}
		name := "-" + hint.Flag(a.Name)
		if text.kind != "" {
			name += "=" + text.kind
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | `%s` |\n", name, text.meaning, text.byDefault, strings.ToUpper(a.Name))
	}
	b.WriteString("\n```\n")
	for _, c := range commands {
		if c[1] != "" {
			fmt.Fprintf(b, "# %s\n", c[1])
		}
		fmt.Fprintf(b, "%s\n", c[0])
	}
	b.WriteString("```\n")
}
