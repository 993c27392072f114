package targets

import (
	"bytes"
	"context"
	goflag "flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/magefile/mage/mg"

	"github.com/slipway-build/slipway/internal/near"
	process "github.com/slipway-build/slipway/internal/run"
)

// Mage reads a command line target by target, and runs each before it looks at the
// next. So the first target of ours that runs looks at all of it: a word that is no
// target, a flag that there is none of, or something that a later target would refuse,
// ends the run before any work.

// planVariable is set for a process that only plans: to how much it may find out of
// the forks. Such a process is given the targets of a line, and runs none of them.
const planVariable = "MAGEFILE_SLIPWAY_PLAN"

// How much is known of a target before the ones in front of it have run.
const (
	planAll      = "all"
	planUnlocked = "unlocked" // the forks will be locked until then
	planFlags    = "flags"    // the forks, or anything else, may change until then
)

// changes are the targets of this package, and how much is known of those behind each.
func changes() map[string]string {
	return map[string]string{
		"check": planAll,
		"clean": planAll, "cross": planAll, "deb": planAll, "deploy:kubespray": planAll, "deploy:openstack": planAll,
		"doctor": planAll, "ebuild": planAll, "fork:conformance": planAll, "forks": planAll, "image": planAll,
		"patches:apply":  planAll,
		"patches:export": planAll, "patches:import": planFlags, "patches:lock": planUnlocked, "patches:rebase": planFlags,
		"patches:refresh": planFlags, "patches:verify": planAll, "push": planAll, "release": planAll,
		"release:matrix": planAll, "release:merge": planAll, "release:notes": planAll, "release:quick": planAll,
		"release:reproduce": planAll, "release:shard": planAll, "release:verify": planAll,
		"repo": planAll, "repo:add": planAll, "repo:promote": planAll, "repo:publish": planAll, "repo:pull": planAll,
		"repo:rebase": planAll, "repo:resign": planAll, "repo:rollback": planAll, "rpm": planAll, "source:export": planAll,
	}
}

// arguments are how many words follow those targets of this package that take some.
func arguments() map[string]int {
	return map[string]int{
		"release:merge": 1, "release:shard": 1, "release:verify": 1, "repo:promote": 2, "repo:rollback": 1,
	}
}

// checkLine checks the command line of this process, once.
var checkLine = sync.OnceValue(func() error {
	exe, err := os.Executable()
	if _, byMage := os.LookupEnv("MAGEFILE_VERBOSE"); err != nil || !byMage {
		return err
	}
	l := line{ask: asker(exe, os.Environ())}
	return l.check(context.Background(), wordsOf(os.Args[1:]))
})

// wordsOf returns the arguments of a compiled magefile without Mage's own flags.
func wordsOf(args []string) []string {
	fs := goflag.NewFlagSet("", goflag.ContinueOnError)
	fs.SetOutput(io.Discard)
	for _, name := range []string{"v", "l", "h"} {
		fs.Bool(name, false, "")
	}
	fs.Duration("t", 0, "")
	if fs.Parse(args) != nil {
		return nil
	}
	return fs.Args()
}

// A line is a command line of a compiled magefile. ask runs the magefile, where only
// so much is known of the forks, and returns what it writes; the error is what it says.
type line struct {
	ask func(ctx context.Context, known string, words ...string) (string, error)
}

func asker(exe string, env process.Env) func(ctx context.Context, known string, words ...string) (string, error) {
	return func(ctx context.Context, known string, words ...string) (string, error) {
		var out, said bytes.Buffer
		err := process.Runner{}.Run(ctx, process.Cmd{
			Args: append([]string{exe}, words...), Stdout: &out, Stderr: &said,
			Env: env.With(planVariable+"="+known, "MAGEFILE_VERBOSE=0", "MAGEFILE_ENABLE_COLOR=0"),
		})
		if code := process.ExitCode(err); code > 0 {
			err = mg.Fatal(code, strings.TrimPrefix(strings.TrimSpace(said.String()), "Error: "))
		}
		return out.String(), err
	}
}

// A call is a target with its flags, on a line.
type call struct {
	target string // in lower case
	name   string // what this package calls it; "" for one of somebody else's
	words  []string
}

// check returns what is wrong with a line that has more than one target. A single one
// refuses what it does not like by itself.
func (l line) check(ctx context.Context, words []string) error {
	isTarget := func(w string) bool { return !strings.HasPrefix(w, "-") }
	if len(words) == 0 || !slices.ContainsFunc(words[1:], isTarget) {
		return nil
	}
	calls, err := l.calls(ctx, words)
	if err != nil {
		return err
	}
	known := planAll
	var plan []string
	for i, c := range calls {
		after := planFlags
		if c.name != "" {
			plan, after = append(plan, c.words...), changes()[c.name]
		}
		if after == planAll || known == planFlags {
			after = known
		}
		if len(plan) > 0 && (after != known || i == len(calls)-1) {
			if _, err := l.ask(ctx, known, plan...); err != nil {
				return err
			}
			plan = nil
		}
		known = after
	}
	return nil
}

// calls splits a line at its targets.
func (l line) calls(ctx context.Context, words []string) ([]call, error) {
	targets, err := l.targets(ctx)
	if err != nil {
		return nil, err
	}
	prefix := prefixOf(targets)
	var out []call
	for i := 0; i < len(words); {
		target, err := l.resolve(ctx, targets, strings.ToLower(words[i]))
		if err != nil {
			return nil, err
		}
		if target == "" {
			return nil, unknownTarget(words[i], out)
		}
		c, end := call{target: target}, i+1
		var n int
		if name, ours := strings.CutPrefix(target, prefix); ours && changes()[name] != "" {
			c.name, n = name, arguments()[name]
		} else if n, err = l.arguments(ctx, target); err != nil {
			return nil, err
		}
		if end += n; end > len(words) {
			return nil, mg.Fatalf(2, "not enough arguments for target %q: it takes %d\n  To see which: mage -h %[1]s", target, n)
		}
		for end < len(words) && strings.HasPrefix(words[end], "-") {
			end++
		}
		c.words = append([]string{target}, words[i+1:end]...)
		out, i = append(out, c), end
	}
	return out, nil
}

// unknownTarget is the error of a word that is no target, behind some that are.
func unknownTarget(word string, before []call) error {
	hint := near.Hint(word, slices.Sorted(maps.Keys(changes()))...) + "\n  To list the targets: mage -l"
	if n := len(before); n > 0 && before[n-1].name != "" {
		hint += fmt.Sprintf("\n  The flags of %s begin with a dash: mage -h %[1]s", before[n-1].target)
	}
	return mg.Fatalf(2, "unknown target %q%s", word, hint)
}

// targets returns the names of all targets, in lower case.
func (l line) targets(ctx context.Context) ([]string, error) {
	list, err := l.ask(ctx, planAll, "-l")
	var names []string
	for line := range strings.Lines(list) {
		if fields := strings.Fields(line); strings.HasPrefix(line, "  ") && len(fields) > 0 {
			names = append(names, strings.ToLower(strings.TrimSuffix(fields[0], "*")))
		}
	}
	return names, err
}

// prefixOf returns the namespace in which a magefile imports this package.
func prefixOf(targets []string) string {
	for _, name := range targets {
		prefix, ok := strings.CutSuffix(name, "patches:verify")
		all := ok
		for name := range changes() {
			all = all && slices.Contains(targets, prefix+name)
		}
		if all {
			return prefix
		}
	}
	return "\x00" // that no target begins with
}

// resolve returns the target that a word names, or is an alias of, or "".
func (l line) resolve(ctx context.Context, targets []string, word string) (string, error) {
	if slices.Contains(targets, word) {
		return word, nil
	}
	for _, target := range targets {
		help, err := l.ask(ctx, planAll, "-h", target)
		if err != nil {
			return "", err
		}
		for line := range strings.Lines(help) {
			names, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(line)), "aliases: ")
			if ok && slices.Contains(strings.Split(names, ", "), word) {
				return target, nil
			}
		}
	}
	return "", nil
}

// arguments returns how many arguments somebody else's target takes. Its usage shows
// each as <NAME>, and flags in brackets.
func (l line) arguments(ctx context.Context, target string) (n int, err error) {
	help, err := l.ask(ctx, planAll, "-h", target)
	_, usage, _ := strings.Cut(help, "Usage:")
	usage, _, _ = strings.Cut(strings.TrimSpace(usage), "\n")
	for word := range strings.FieldsSeq(usage) {
		if strings.HasPrefix(word, "<") {
			n++
		}
	}
	return n, err
}

// begin checks the command line, unless this process only plans or is asked for names, and
// reports whether it does.
func begin() (plans bool, err error) {
	if os.Getenv(valuesVariable) != "" {
		return true, printValues()
	}
	if os.Getenv(planVariable) != "" {
		return true, nil
	}
	return false, asCalled(checkLine())
}
