package front

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/magefile/mage/mg"
	"github.com/spf13/cobra"

	"github.com/slipway-build/slipway/internal/near"
)

// A usageError is about the command line, and not about what was to be done.
type usageError struct{ error }

func (e usageError) Unwrap() error   { return e.error }
func (e usageError) ExitStatus() int { return exitUsage }

// commands returns all targets and commands as cobra has them: it parses their flags,
// completes them, and runs those that are there without a magefile.
func (p program) commands(m magefile) *cobra.Command {
	root := &cobra.Command{Use: p.name, SilenceErrors: true, SilenceUsage: true, Run: func(*cobra.Command, []string) {}}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetOut(p.out)
	root.SetErr(io.Discard)
	root.Flags().AddFlagSet(flagSet(target{Flags: mageFlags()}))
	for _, one := range m.table.Targets {
		cmd := &cobra.Command{
			Use: one.Name, Short: one.Short, Run: func(*cobra.Command, []string) {},
			ValidArgsFunction: m.completeWords(one),
		}
		if one.isBuiltin() {
			cmd.Run, cmd.RunE = nil, p.builtin(m, one)
		}
		cmd.Flags().AddFlagSet(flagSet(one))
		cmd.Flags().SortFlags = false
		for _, f := range one.Flags {
			_ = cmd.RegisterFlagCompletionFunc(f.Name, m.completeValue(f))
		}
		cmd.SetHelpFunc(func(*cobra.Command, []string) { p.showTarget(m.table, one) })
		cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{p.flagError(one, err)} })
		if one.isBuiltin() && one.Name == "help" {
			root.SetHelpCommand(cmd)
		}
		root.AddCommand(cmd)
	}
	return root
}

// runBuiltin runs a command that is there without a magefile.
func (p program) runBuiltin(m magefile, help bool, words []string) int {
	one := *m.table.target(words[0])
	if help {
		return p.showTarget(m.table, one)
	}
	root := p.commands(m)
	root.SetArgs(append([]string{one.Name}, canonical(one, words[1:])...))
	err := root.Execute()
	if err != nil {
		return p.fail(mg.ExitStatus(err), err)
	}
	return 0
}

// builtin returns what a command does.
func (p program) builtin(m magefile, one target) func(*cobra.Command, []string) error {
	run := map[string]func(cmd *cobra.Command, words []string) error{
		"init": p.initProject, "completion": p.completion,
		"help":    func(_ *cobra.Command, words []string) error { return p.help(m.table, m.absent, words) },
		"version": func(*cobra.Command, []string) error { fmt.Fprintln(p.out, p.version()); return nil },
	}[one.Name]
	return func(cmd *cobra.Command, words []string) error {
		if allowed := strings.Count(builtinUsage(one.Name), " "); len(words) > allowed {
			return usageError{fmt.Errorf("%s: unexpected %q\n  To see its usage: %s help %[1]s", one.Name,
				words[allowed], p.called)}
		}
		return run(cmd, words)
	}
}

// help prints what there is, or how a target is used. noProject is why there are no targets,
// or nil.
func (p program) help(t table, noProject error, words []string) error {
	if len(words) == 0 {
		p.showHelp(t, noProject)
		return nil
	}
	one := t.target(words[0])
	if one == nil {
		return usageError{p.unknownTarget(t, words[0], nil)}
	}
	p.showTarget(t, *one)
	return nil
}

// shells are those that completion knows.
func shells() []string { return []string{"bash", "zsh", "fish"} }

func (p program) completion(_ *cobra.Command, words []string) error {
	if len(words) == 0 {
		return usageError{fmt.Errorf("name the shell: %s", strings.Join(shells(), ", "))}
	}
	if !slices.Contains(shells(), words[0]) {
		return usageError{fmt.Errorf("unknown shell %q%s\n  Completion knows %s", words[0],
			near.Hint(words[0], shells()...), strings.Join(shells(), ", "))}
	}
	script, err := shellScripts.ReadFile("shell/completion." + words[0])
	if err == nil {
		_, err = p.out.Write(script)
	}
	return err
}
