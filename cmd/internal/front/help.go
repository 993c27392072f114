package front

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/slipway-build/slipway/internal/hint"
)

// listOf returns the list of targets as Mage prints it.
func listOf(t table) string {
	var b strings.Builder
	if t.Description != "" {
		fmt.Fprintf(&b, "%s\n\n", strings.Join(strings.Fields(t.Description), " "))
	}
	fmt.Fprintln(&b, "Targets:")
	listTargets(&b, t, func(one target) bool { return !one.isBuiltin() })
	if t.Default != "" {
		fmt.Fprintln(&b, "\n* default target")
	}
	return b.String()
}

func listTargets(w io.Writer, t table, wanted func(target) bool) {
	tw := tabwriter.NewWriter(w, 0, 4, 4, ' ', 0)
	for _, one := range t.Targets {
		if !wanted(one) {
			continue
		}
		name := one.Name
		if name == t.Default {
			name += "*"
		}
		fmt.Fprintf(tw, "  %s\t%s\n", name, one.Short)
	}
	tw.Flush()
}

// showHelp prints what this program can do in a project, or without one.
func (p program) showHelp(t table, noProject error) int {
	fmt.Fprintf(p.out, "Usage:\n  %s [FLAGS] TARGET [ARGUMENTS] [-flag=value ...] [TARGET ...]\n\n", p.called)
	if t.Description != "" {
		fmt.Fprintf(p.out, "%s\n\n", t.Description)
	}
	if noProject != nil {
		fmt.Fprintf(p.out, "There is %s.\n  To start one: %s init\n\n", noProject, p.called)
	} else {
		fmt.Fprintln(p.out, "Targets of this project:")
		listTargets(p.out, t, func(one target) bool { return !one.isBuiltin() })
		if t.Default != "" {
			fmt.Fprintln(p.out, "  * the default target of mage")
		}
		fmt.Fprintln(p.out)
	}
	fmt.Fprintln(p.out, "Commands that need no project:")
	listTargets(p.out, t, func(one target) bool { return one.isBuiltin() })
	fmt.Fprintln(p.out, "\nFlags, which precede all targets:")
	showFlags(p.out, mageFlags(), false)
	fmt.Fprintf(p.out, "\nTo see the flags of a target: %s help TARGET\n", p.called)
	return 0
}

// showTarget prints how a target is used.
func (p program) showTarget(t table, one target) int {
	if one.Doc != "" {
		fmt.Fprintf(p.out, "%s\n\n", hint.As(one.Doc, p.called, t.names()))
	}
	fmt.Fprintf(p.out, "Usage:\n  %s %s%s\n", p.called, strings.ToLower(one.Name), usage(one))
	if len(one.Aliases) > 0 {
		fmt.Fprintf(p.out, "\nAliases: %s\n", strings.Join(one.Aliases, ", "))
	}
	as := func(text string) string { return hint.As(text, p.called, t.names()) }
	if args := describedArgs(one, as); len(args) > 0 {
		fmt.Fprintln(p.out, "\nArguments:")
		showFlags(p.out, args, false)
	}
	if len(one.Flags) > 0 {
		fmt.Fprintln(p.out, "\nFlags:")
		showFlags(p.out, one.Flags, one.isOurs())
	}
	if len(one.Examples) > 0 {
		fmt.Fprintln(p.out, "\nExamples:")
		showExamples(p.out, one.Examples, as)
	}
	return 0
}

// usage returns what can follow a target.
func usage(t target) string {
	out := ""
	for _, a := range t.Args {
		out += " <" + a.Name + ">"
	}
	if t.isBuiltin() {
		out = builtinUsage(t.Name)
	}
	if len(t.Flags) > 0 {
		out += " [-flag=value ...]"
	}
	return out
}

// describedArgs returns the arguments that something is said of, as help shows them.
func describedArgs(t target, as func(string) string) []param {
	var out []param
	for _, a := range t.Args {
		if a.Doc != "" {
			out = append(out, param{Name: "<" + a.Name + ">", Type: "bool", Doc: as(a.Doc)})
		}
	}
	return out
}

// textColumns is where the lines of help end.
const textColumns = 100

// showFlags prints each flag with what it takes, what it means and, if it has one, its
// environment variable.
func showFlags(w io.Writer, flags []param, variables bool) {
	labels, width := make([]string, len(flags)), 0
	for i, f := range flags {
		labels[i] = label(f)
		width = max(width, len(labels[i]))
	}
	for i, f := range flags {
		doc := f.Doc
		if variables {
			doc = strings.TrimSpace(doc + " [$" + strings.ToUpper(squeezed(f.Name)) + "]")
		}
		for n, line := range wrap(doc, textColumns-width-4) {
			if n > 0 {
				labels[i] = ""
			}
			fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("  %-*s  %s", width, labels[i], line), " "))
		}
	}
}

// label returns a flag as it is written: -platforms=LIST, -json.
func label(f param) string {
	switch {
	case strings.HasPrefix(f.Name, "<"):
		return f.Name
	case f.Kind == "":
		return "-" + f.Name
	}
	return "-" + f.Name + "=" + f.Kind
}

// wrap breaks a text between words into lines of so many columns; there is at least one.
func wrap(text string, columns int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case len(*last)+1+len(word) <= columns:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}

// showExamples prints commands, with their comments in a column.
func showExamples(w io.Writer, examples []string, as func(string) string) {
	commands, width := slices.Clone(examples), 0
	for i, line := range examples {
		command, _, _ := strings.Cut(line, "  # ")
		commands[i] = as(strings.TrimSpace(command))
		width = max(width, len(commands[i]))
	}
	for i, line := range examples {
		_, why, _ := strings.Cut(line, "  # ")
		if why = strings.TrimSpace(why); why != "" {
			why = "# " + why
		}
		fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("  %-*s  %s", width, commands[i], why), " "))
	}
}
