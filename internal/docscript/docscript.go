// Package docscript reads the commands of a page, with what they print, and runs them as a reader of
// the page would.
//
// A page is Markdown. Its commands are fenced blocks of these kinds:
//
//	```console          lines "$ COMMAND", or "# COMMAND" as root, each with what it prints
//	```yaml PATH        a file, which is written
//	```                 as console, if it has such a line, or begins with a program's name
//
// Where a page is about several hosts, a command's prompt names the host, as a shell there shows it, and a file has the
// host before its path:
//
//	```console          lines "root@n1:~# COMMAND"
//	```yaml n1:/PATH    a file of that host
//
// A command goes on in the next line after a backslash or a pipe. In what is printed, a line of "..." or "…"
// is any number of lines, and "…" within a line any text. Times may differ. A command that prints "Error: …"
// has to fail.
//
// A comment in the line before a block says that the block is not run, or that another test does:
//
//	<!-- not run: REASON -->
//	<!-- run by: TestName -->
package docscript

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A Block is one fenced block of a page.
type Block struct {
	Line   int      // of the line after its fence, from 1
	Lang   string   // as console
	File   string   // whose content it shows
	Text   []string // its lines, less the indentation of the fence
	NotRun string   // why it is not run
	RunBy  string   // the test that runs it
}

// A Step is a command of a page, or a file to write.
type Step struct {
	Line    int
	Command string // with its line breaks
	Root    bool
	Prints  []string // nil: the page does not show it
	File    string   // to write, with Prints; then there is no command
	Host    string   // that it is for, if the page is about several
}

var (
	fence = regexp.MustCompile("^( *)```(.*)$")
	mark  = regexp.MustCompile(`^\s*<!-- (not run|run by): (.*\S) -->$`)
)

// Read returns the fenced blocks of a page.
func Read(page string) ([]Block, error) {
	var blocks []Block
	var open *Block
	indent, before := "", ""
	n := 0
	for line := range strings.Lines(page) {
		n++
		line = strings.TrimRight(line, "\n")
		is := fence.FindStringSubmatch(line)
		switch {
		case open != nil && is != nil:
			blocks, open = append(blocks, *open), nil
		case open != nil:
			open.Text = append(open.Text, strings.TrimPrefix(line, indent))
		case is != nil:
			indent, open = is[1], &Block{Line: n + 1}
			open.Lang, open.File, _ = strings.Cut(is[2], " ")
			open.mark(before)
		}
		if line != "" {
			before = line
		}
	}
	if open != nil {
		return nil, fmt.Errorf("line %d: the block has no end", open.Line-1)
	}
	return blocks, nil
}

// mark sets what the line before a block says of it.
func (b *Block) mark(line string) {
	is := mark.FindStringSubmatch(line)
	switch {
	case is == nil:
	case is[1] == "not run":
		b.NotRun = is[2]
	default:
		b.RunBy = is[2]
	}
}

// prompt is what commands of a reader and of root begin with, on this host or on one that is named.
var prompt = regexp.MustCompile(`^(?:[a-z]+@([a-z][a-z0-9-]*):(?:~|/\S*))?([$#]) +(\S.*)$`)

// prompted returns the command of a line that begins with a prompt.
func prompted(line string) (s Step, ok bool) {
	is := prompt.FindStringSubmatch(line)
	if is == nil {
		return Step{}, false
	}
	return Step{Host: is[1], Root: is[2] == "#", Command: is[3]}, true
}

// programs begin a block of commands that has no prompts.
var programs = []string{"apt", "cd", "cp", "curl", "dnf", "docker", "eselect", "etcdctl", "git", "go", "mage", "mkdir",
	"podman", "rsync", "slipway", "systemctl"}

// Commands reports whether a block is of commands.
func (b Block) Commands() bool {
	switch b.Lang {
	case "console":
		return true
	case "", "sh", "shell", "bash":
		if len(b.Text) == 0 {
			return false
		}
		word, _, _ := strings.Cut(b.Text[0], " ")
		return b.Lang != "" || slices.Contains(programs, word) || b.prompts()
	}
	return false
}

// prompts reports whether the block's commands have prompts.
func (b Block) prompts() bool {
	return slices.ContainsFunc(b.Text, func(line string) bool { _, ok := prompted(line); return ok })
}

// Steps returns the commands of a block, in order; or the one file that it shows.
func (b Block) Steps() []Step {
	if b.File != "" {
		host, file, ok := strings.Cut(b.File, ":/")
		if !ok {
			return []Step{{Line: b.Line, File: b.File, Prints: b.Text}}
		}
		return []Step{{Line: b.Line, File: "/" + file, Prints: b.Text, Host: host}}
	}
	if !b.Commands() {
		return nil
	}
	bare := !b.prompts()
	var steps []Step
	more := false
	for i, line := range b.Text {
		step, ok := prompted(line)
		switch {
		case more:
			last := &steps[len(steps)-1]
			last.Command += "\n" + line
			more = unfinished(line)
		case ok || bare && strings.TrimSpace(line) != "":
			if bare {
				step.Command = line
			}
			step.Line = b.Line + i
			steps = append(steps, step)
			more = unfinished(line)
		case len(steps) > 0 && !bare:
			last := &steps[len(steps)-1]
			last.Prints = append(last.Prints, line)
		}
	}
	return steps
}

// fails reports whether a page shows that a command fails.
func (s Step) fails() bool {
	return s.File == "" && slices.ContainsFunc(s.Prints, func(l string) bool { return strings.HasPrefix(l, "Error: ") })
}

// unfinished reports whether a command goes on in the next line.
func unfinished(line string) bool {
	return strings.HasSuffix(line, `\`) || strings.HasSuffix(line, "|")
}

// Unmarked returns the blocks of commands of a page that nothing says of whether they are run.
func Unmarked(blocks []Block) []Block {
	return slices.DeleteFunc(slices.Clone(blocks), func(b Block) bool {
		return !b.Commands() || b.NotRun != "" || b.RunBy != ""
	})
}

// ToRun returns the steps of the blocks that no mark keeps from being run.
func ToRun(blocks []Block) []Step {
	var steps []Step
	for _, b := range blocks {
		if b.NotRun == "" && b.RunBy == "" {
			steps = append(steps, b.Steps()...)
		}
	}
	return steps
}
