package front

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/slipway-build/slipway/internal/near"
)

// Variables by which this program talks to the targets of package targets.
const (
	commandVariable = "MAGEFILE_SLIPWAY_COMMAND" // the words that hints in messages begin with
	valuesVariable  = "MAGEFILE_SLIPWAY_VALUES"  // asks for what flags can be, of a fork; see values
	planVariable    = "MAGEFILE_SLIPWAY_PLAN"    // has targets be checked and not run
	planFlags       = "flags"                    // by their flags alone
)

// A call is a target with what follows it on a line.
type call struct {
	target target
	args   []string
	flags  []string // as Mage reads them: -dryrun=true
}

// A helpError says that a line asks how a target is used.
type helpError struct{ target target }

func (e helpError) Error() string { return "help for " + e.target.Name }

// calls reads a line of targets, each followed by its arguments and flags. It returns an
// error for the first word that is wrong.
func (p program) calls(t table, words []string) ([]call, error) {
	var out []call
	for len(words) > 0 {
		target := t.target(words[0])
		if target == nil || target.isBuiltin() {
			return nil, p.unknownTarget(t, words[0], out)
		}
		c, rest, err := p.call(*target, words[1:])
		if err != nil {
			return nil, err
		}
		out, words = append(out, c), rest
	}
	return out, nil
}

// call reads what follows a target, and returns the words of the next one.
func (p program) call(t target, words []string) (call, []string, error) {
	c, flags := call{target: t}, flagSet(t)
	for {
		need := len(t.Args) - len(c.args)
		if len(words) > 0 && need > 0 && isNegative(words[0]) {
			c.args, words = append(c.args, words[0]), words[1:]
			continue
		}
		if err := flags.Parse(canonical(t, words)); err != nil {
			return c, nil, p.flagError(t, err)
		}
		words = words[len(words)-flags.NArg():]
		if need == 0 || len(words) == 0 {
			break
		}
		c.args, words = append(c.args, words[0]), words[1:]
	}
	if help, err := flags.GetBool(helpFlag); err == nil && help {
		return c, nil, helpError{t}
	}
	if missing := len(t.Args) - len(c.args); missing > 0 {
		return c, nil, fmt.Errorf("%s: missing <%s>\n  To see its usage: %s help %[1]s", t.Name,
			t.Args[len(c.args)].Name, p.called)
	}
	for i, arg := range c.args {
		if err := checkValue(t.Args[i], arg); err != nil {
			return c, nil, fmt.Errorf("%s: <%s> is %q: %w", t.Name, t.Args[i].Name, arg, err)
		}
	}
	flags.Visit(func(f *pflag.Flag) {
		c.flags = append(c.flags, "-"+squeezed(f.Name)+"="+f.Value.String())
	})
	return c, words, nil
}

// helpFlag is a flag of each target that has none of that name.
const helpFlag = "help"

// flagSet returns the flags of a target.
func flagSet(t target) *pflag.FlagSet {
	fs := pflag.NewFlagSet(t.Name, pflag.ContinueOnError)
	fs.SetInterspersed(false)
	fs.SortFlags = false
	fs.Usage = func() {}
	for _, f := range t.Flags {
		switch f.Type {
		case "bool":
			fs.Bool(f.Name, false, f.Doc)
		case "int":
			fs.Int(f.Name, 0, f.Doc)
		case "float64":
			fs.Float64(f.Name, 0, f.Doc)
		case "time.Duration":
			fs.Duration(f.Name, 0, f.Doc)
		default:
			fs.String(f.Name, "", f.Doc)
		}
	}
	if t.flag(helpFlag) == nil {
		fs.Bool(helpFlag, false, "how the target is used")
		fs.Lookup(helpFlag).Hidden = true
	}
	return fs
}

// canonical returns words with flags as cobra has them, with two dashes and the one
// spelling that the target's table has.
func canonical(t target, words []string) []string {
	out := make([]string, len(words))
	for i, word := range words {
		out[i] = word
		name, value, set := strings.Cut(strings.TrimLeft(word, "-"), "=")
		if !strings.HasPrefix(word, "-") || name == "" || isNegative(word) {
			continue
		}
		if f := t.flag(name); f != nil {
			name = f.Name
		} else if name == "h" {
			name = helpFlag
		}
		if out[i] = "--" + name; set {
			out[i] += "=" + value
		}
	}
	return out
}

// isNegative reports whether a word is a negative number, and no flag.
func isNegative(word string) bool {
	_, err := strconv.ParseFloat(word, 64)
	_, notDuration := time.ParseDuration(word)
	return strings.HasPrefix(word, "-") && (err == nil || notDuration == nil)
}

// checkValue returns what is wrong with the value of an argument.
func checkValue(p param, value string) (err error) {
	switch p.Type {
	case "bool":
		_, err = strconv.ParseBool(value)
	case "int":
		_, err = strconv.Atoi(value)
	case "float64":
		_, err = strconv.ParseFloat(value, 64)
	case "time.Duration":
		_, err = time.ParseDuration(value)
	}
	if err != nil {
		return errors.New("want " + wants(p.Type))
	}
	return nil
}

func wants(typ string) string {
	return map[string]string{
		"bool": "true or false", "int": "a whole number", "float64": "a number", "time.Duration": "a duration, as 5m30s",
	}[typ]
}

// flagError tells of a flag in the words that it was written with.
func (p program) flagError(t target, err error) error {
	var (
		unknown *pflag.NotExistError
		bare    *pflag.ValueRequiredError
		invalid *pflag.InvalidValueError
		hint    = fmt.Sprintf("\n  To see its flags: %s help %s", p.called, t.Name)
	)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return helpError{t}
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		return fmt.Errorf("%s has no flag -%s%s%s", t.Name, name, flagHint(name, t.Flags), hint)
	case errors.As(err, &bare):
		f := t.flag(bare.GetSpecifiedName())
		return fmt.Errorf("%s: -%s needs a value: -%[2]s=%[3]s%[4]s", t.Name, f.Name, f.Kind, hint)
	case errors.As(err, &invalid):
		f := t.flag(invalid.GetFlag().Name)
		return fmt.Errorf("%s: -%s=%s: want %s%s", t.Name, f.Name, invalid.GetValue(), wants(f.Type), hint)
	}
	return fmt.Errorf("%s: %w%s", t.Name, err, hint)
}

// flagHint returns "; did you mean -NAME?" for a name that is none of some flags, or "".
func flagHint(name string, flags []param) string {
	names := make([]string, len(flags))
	for i, f := range flags {
		names[i] = "-" + f.Name
	}
	return near.Hint("-"+name, names...)
}

// unknownTarget is the error of a word that is no target, behind some that are.
func (p program) unknownTarget(t table, word string, before []call) error {
	text := fmt.Sprintf("unknown target %q%s\n  To list the targets: %s -l", word, near.Hint(word, t.names()...), p.called)
	if n := len(before); n > 0 && len(before[n-1].target.Flags) > 0 {
		text += fmt.Sprintf("\n  The flags of %s begin with a dash: %s help %[1]s", before[n-1].target.Name, p.called)
	}
	return errors.New(text)
}

// wordsOf returns calls as a compiled magefile reads them.
func wordsOf(calls []call) []string {
	var out []string
	for _, c := range calls {
		out = append(append(append(out, strings.ToLower(c.target.Name)), c.args...), c.flags...)
	}
	return out
}

// planned returns those of Slipway's targets on a line that nothing has checked before
// somebody else's target, the first of the line, runs. The first of Slipway's checks the
// rest, but only once it is its turn.
func planned(calls []call) []string {
	var plan []call
	for _, c := range calls {
		if c.target.isOurs() {
			plan = append(plan, c)
		}
	}
	if len(calls) == 0 || calls[0].target.isOurs() {
		return nil
	}
	return wordsOf(plan)
}
