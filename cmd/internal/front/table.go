package front

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/magefile/mage/parse"

	"github.com/slipway-build/slipway/internal/hint"
)

// ours is the package of Slipway's targets. Their flags have environment variables.
const ours = "github.com/slipway-build/slipway/targets"

// A table is what a magefile offers, as Mage's parser reads it.
type table struct {
	Description string
	Default     string // the target that Mage runs without being told one
	Targets     []target
}

// A target is a function of a magefile, or a command that is there without one.
type target struct {
	Name     string   // as Mage lists it: patches:lock, benchCold
	Aliases  []string // other names, which Mage takes too
	Short    string   // one sentence
	Doc      string   // all paragraphs but the examples
	Examples []string // commands, each with two blanks and a comment behind it
	Package  string   // the import path; "" for the magefile's own
	Args     []param  // words that follow it
	Flags    []param  // in the order of the function's parameters
}

// A param is an argument or a flag.
type param struct {
	Name string // hyphenated: dry-run
	Type string // Go's: string, bool, int, float64, time.Duration
	Kind string // what a person writes: LIST, FILE; "" for a bool
	Doc  string
}

// tableOf returns the table of a magefile that was parsed with its line breaks.
func tableOf(info *parse.PkgInfo) table {
	t := table{Description: strings.TrimSpace(info.Description)}
	funcs := slices.Clone(info.Funcs)
	for _, imp := range info.Imports {
		funcs = append(funcs, imp.Info.Funcs...)
	}
	for _, f := range funcs {
		one := targetOf(f)
		for _, alias := range slices.Sorted(maps.Keys(info.Aliases)) {
			if a := info.Aliases[alias]; a.TargetName() == f.TargetName() {
				one.Aliases = append(one.Aliases, alias)
			}
		}
		if d := info.DefaultFunc; d != nil && d.TargetName() == f.TargetName() {
			t.Default = one.Name
		}
		t.Targets = append(t.Targets, one)
	}
	slices.SortFunc(t.Targets, func(a, b target) int { return strings.Compare(a.Name, b.Name) })
	return t
}

func targetOf(f *parse.Function) target {
	doc, examples := cutExamples(f.Comment)
	t := target{
		Name: listed(f.TargetName()), Short: f.Synopsis, Doc: hint.Doc(doc, f.Name), Examples: examples,
		Package: f.ImportPath,
	}
	for _, a := range f.Args {
		p := paramOf(a)
		if a.Optional {
			t.Flags = append(t.Flags, p)
		} else {
			t.Args = append(t.Args, p)
		}
	}
	return t
}

var kindFirst = regexp.MustCompile(`^([A-Z][A-Z0-9_/,]+) (.+)$`)

func paramOf(a parse.Arg) param {
	p := param{Name: hint.Flag(a.Name), Type: a.Type, Doc: strings.Join(strings.Fields(a.Comment), " ")}
	if a.Type == "bool" {
		return p
	}
	if found := kindFirst.FindStringSubmatch(p.Doc); found != nil {
		p.Kind, p.Doc = found[1], found[2]
		return p
	}
	p.Kind = map[string]string{"int": "NUMBER", "float64": "NUMBER", "time.Duration": "DURATION"}[a.Type]
	if p.Kind == "" {
		p.Kind = "TEXT"
	}
	return p
}

// cutExamples divides the comment of a target at its line "Examples:".
func cutExamples(comment string) (doc string, examples []string) {
	before, after, _ := strings.Cut(comment+"\n", "\nExamples:\n")
	for line := range strings.Lines(after) {
		if line = strings.TrimSpace(line); line != "" {
			examples = append(examples, line)
		}
	}
	return strings.TrimSpace(before), examples
}

var (
	wordFirst   = regexp.MustCompile(`^([[:upper:]][^[:upper:]]+)([[:upper:]].*)$`)
	abbrevFirst = regexp.MustCompile(`^([[:upper:]]+)([[:upper:]][^[:upper:]].*)$`)
)

// listed returns the name of a target as Mage lists it: the first word of each part is in
// lower case.
func listed(name string) string {
	parts := strings.Split(name, ":")
	for i, part := range parts {
		first, rest := part, ""
		for _, rx := range []*regexp.Regexp{wordFirst, abbrevFirst} {
			if found := rx.FindStringSubmatch(part); found != nil {
				first, rest = found[1], found[2]
				break
			}
		}
		parts[i] = strings.ToLower(first) + rest
	}
	return strings.Join(parts, ":")
}

// squeezed returns the name of a flag as Mage compares it.
func squeezed(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "-", ""))
}

// target returns the target that a word names, or nil.
func (t table) target(word string) *target {
	same := func(name string) bool { return strings.EqualFold(name, word) }
	for i := range t.Targets {
		if same(t.Targets[i].Name) || slices.ContainsFunc(t.Targets[i].Aliases, same) {
			return &t.Targets[i]
		}
	}
	return nil
}

// names returns the names of all targets, and their aliases.
func (t table) names() []string {
	var out []string
	for _, target := range t.Targets {
		out = append(append(out, target.Name), target.Aliases...)
	}
	return out
}

// flag returns the flag of a name in any spelling that Mage takes, or nil.
func (t *target) flag(name string) *param {
	for i := range t.Flags {
		if squeezed(t.Flags[i].Name) == squeezed(name) {
			return &t.Flags[i]
		}
	}
	return nil
}

// isOurs reports whether a target is one of Slipway's.
func (t *target) isOurs() bool { return t.Package == ours }
