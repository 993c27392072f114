// Package front is the command line of slipway and of mage, which are two names of one
// program. It finds the project, compiles its magefile, checks a whole line of targets and
// runs it. What it tells of targets and flags is what the magefile's comments say.
package front

import (
	"errors"
	goflag "flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/magefile/mage/mage"

	"github.com/slipway-build/slipway/internal/run"
)

// Exit codes. A target that failed has its own, mostly 1.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130 // as shells have it: 128 and the number of SIGINT
)

// Main runs the program of that name, slipway or mage, with the arguments of its command
// line, and returns its exit code.
func Main(name string, args []string) int {
	exe, err := os.Executable()
	if err != nil {
		exe = os.Args[0]
	}
	p := program{name: name, in: os.Stdin, out: os.Stdout, err: os.Stderr}
	p.again.Dir, _ = os.Getwd()
	p.called = calledAs(name, os.Args[0], exe, p.again.Dir)
	if _, err := exec.LookPath(os.Args[0]); err == nil {
		exe = os.Args[0] // whose name may tell a program of several names which it is
	}
	p.again.Args = append([]string{exe}, args...)
	return p.run(args)
}

// A program is one run of slipway or mage.
type program struct {
	name   string // slipway or mage
	called string // the words that a person starts it with: slipway, go tool mage
	in     *os.File
	out    io.Writer
	err    io.Writer
	again  run.Cmd // starts this program once more, with the same arguments
}

// run reads Mage's flags, which precede all targets, and does what they or the words behind
// them say.
func (p program) run(args []string) int {
	if len(args) > 0 && args[0] == completeCommand {
		return p.complete(args[1:])
	}
	inv, command, err := mage.Parse(p.err, io.Discard, args)
	switch {
	case errors.Is(err, goflag.ErrHelp):
		inv.Help = true
	case err != nil:
		return p.fail(exitUsage, mageFlagError(err))
	}
	inv.Stdout, inv.Stderr, inv.Stdin = p.out, p.err, p.in
	switch command {
	case mage.Version:
		fmt.Fprintln(p.out, p.version())
		return 0
	case mage.Clean, mage.Install:
		return mage.ParseAndRun(p.out, p.err, p.in, args)
	case mage.Init:
		return p.mageInit(inv, args)
	}
	inv, found := enter(inv)
	if found == nil && (command == mage.CompileStatic || inv.Autocomplete) {
		return mage.Invoke(inv)
	}
	return p.runWords(inv, found)
}

// enter finds the project and makes its folder that of this process, for Mage asks the go
// command there. Paths in Mage's flags are relative to where it was before.
func enter(inv mage.Invocation) (mage.Invocation, error) {
	from, err := filepath.Abs(inv.Dir)
	if err != nil {
		return inv, err
	}
	dir := from
	if inv.Dir == "" {
		if dir, err = find(from); err != nil {
			return inv, err
		}
	} else if magefilesIn(from) == "" {
		return inv, fmt.Errorf("%s: no .go files with the build tag mage", inv.Dir)
	}
	for _, path := range []*string{&inv.WorkDir, &inv.CompileOut, &inv.CacheDir} {
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return inv, err
		}
	}
	if inv.Dir = dir; inv.WorkDir == "" {
		inv.WorkDir = dir
	}
	return inv, os.Chdir(dir)
}

// runWords does what the words of a command line ask for. noProject is why there is no
// project to ask, or nil.
func (p program) runWords(inv mage.Invocation, noProject error) int {
	m, broken := magefile{inv: inv, absent: noProject}, noProject
	if noProject == nil {
		m, broken = openMagefile(inv)
	}
	m.table.Targets = append(m.table.Targets, builtins(m.table)...)
	words := inv.Args
	if len(words) > 0 && !inv.List {
		if first := m.table.target(words[0]); first != nil && first.isBuiltin() {
			return p.runBuiltin(m, inv.Help, words)
		}
	}
	switch {
	case len(words) == 0 && !inv.List && (inv.Help || errors.Is(noProject, errNoProject)):
		return p.showHelp(m.table, noProject)
	case errors.Is(broken, errNoProject):
		return p.fail(exitFailed, fmt.Errorf("%w\n  To start one: %s init", broken, p.called))
	case broken != nil:
		return p.fail(exitFailed, broken)
	case inv.List:
		fmt.Fprint(p.out, listOf(m.table))
		return 0
	case len(words) == 0 && (p.name == "slipway" || m.table.Default == ""):
		return p.showHelp(m.table, nil)
	case inv.Help:
		return p.helpOn(m.table, words[0])
	}
	return p.runLine(m, words)
}

// helpOn prints how the target that a word names is used.
func (p program) helpOn(t table, word string) int {
	one := t.target(word)
	if one == nil {
		return p.fail(exitUsage, p.unknownTarget(t, word, nil))
	}
	return p.showTarget(t, *one)
}

// runLine checks a line of targets, and runs it.
func (p program) runLine(m magefile, words []string) int {
	calls, err := p.calls(m.table, words)
	var help helpError
	if errors.As(err, &help) {
		return p.showTarget(m.table, help.target)
	} else if err != nil {
		return p.fail(exitUsage, err)
	}
	if code := p.compile(m); code != 0 || onlyCompiles() {
		return code
	}
	if plan := planned(calls); len(plan) > 0 {
		if code := p.start(m, plan, planVariable+"="+planFlags, "MAGEFILE_VERBOSE=0"); code != 0 {
			return code
		}
	}
	return p.start(m, wordsOf(calls))
}

// fail prints an error.
func (p program) fail(code int, err error) int {
	fmt.Fprintln(p.err, "Error:", err)
	return code
}

// mageInit has Mage write its starting template, which would replace a magefile.
func (p program) mageInit(inv mage.Invocation, args []string) int {
	const magefile = "magefile.go" // as Mage calls it
	if dir := filepath.Join(inv.Dir, "."); magefilesIn(dir) != "" || exists(filepath.Join(dir, magefile)) {
		return p.fail(exitFailed, fmt.Errorf("%s: there is a magefile already; it stays as it is", dir))
	}
	code := mage.ParseAndRun(p.out, p.err, p.in, args)
	if code == 0 {
		fmt.Fprintf(p.out, "It has no targets of Slipway; %s init writes a project that has.\n", p.called)
	}
	return code
}

// mageFlagError adds to an error about Mage's flags which one was meant.
func mageFlagError(err error) error {
	const undefined = "flag provided but not defined: -"
	name, ok := strings.CutPrefix(err.Error(), undefined)
	if !ok {
		return err
	}
	return fmt.Errorf("unknown flag -%s%s\n  The flags of a target follow it", name, flagHint(name, mageFlags()))
}
