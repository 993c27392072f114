package front

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/magefile/mage/mage"
	"github.com/spf13/cobra"
)

// completeCommand has this program print what a word can be completed to: cobra's command,
// which the scripts in shell call. Cobra's scripts are for programs of one word; these
// serve go tool mage, too, whose colons and single dashes they would not take either.
const completeCommand = cobra.ShellCompRequestCmd

//go:embed shell
var shellScripts embed.FS

// complete prints what the last word can be completed to, one a line, each with a tab and
// what it means behind it; and last, behind a colon, cobra's directive.
func (p program) complete(words []string) int {
	inv, _, err := mage.Parse(io.Discard, io.Discard, nil)
	if err != nil {
		return exitFailed
	}
	m := magefile{}
	if inv, err = enter(inv); err == nil {
		m, _ = openMagefile(inv)
	}
	m.table.Targets = append(m.table.Targets, builtins(m.table)...)
	if len(words) == 0 {
		words = []string{""}
	}
	one, rest := lastCall(m.table, words)
	args := []string{completeCommand}
	if one.Name != "" {
		args = append(args, one.Name)
	}
	var out bytes.Buffer
	asking := p
	asking.out = &out
	root := asking.commands(m)
	root.SetArgs(append(args, canonical(one, rest)...))
	if root.Execute() != nil {
		return exitFailed
	}
	fmt.Fprint(p.out, asTyped(out.String(), one, words[len(words)-1]))
	return 0
}

// lastCall returns the target that the last word of a line belongs to, and the words from
// behind it on. Without a target these are Mage's flags.
func lastCall(t table, words []string) (target, []string) {
	one, from, args := target{Flags: mageFlags()}, 0, 0
	for i := 0; i < len(words)-1; i++ {
		name, isFlag := strings.CutPrefix(words[i], "-")
		switch f := one.flag(strings.TrimLeft(name, "-")); {
		case isFlag && f != nil && f.Kind != "":
			i++ // its value
		case isFlag:
		case args > 0:
			args--
		default:
			if next := t.target(words[i]); next != nil {
				one, from, args = *next, i+1, len(next.Args)
			}
		}
	}
	return one, words[from:]
}

// asTyped returns cobra's answer in the spelling of the word that is completed: with a
// single dash, and whole where the value of a flag is completed. A flag that takes a value
// ends with the equals sign, and no blank follows.
func asTyped(answer string, one target, word string) string {
	lines := strings.Split(strings.TrimSuffix(answer, "\n"), "\n")
	last := len(lines) - 1
	dashes := "-"
	if strings.HasPrefix(word, "--") {
		dashes = "--"
	}
	before, _, isValue := strings.Cut(word, "=")
	isValue = isValue && strings.HasPrefix(word, "-")
	noSpace := false
	for i, line := range lines[:last] {
		name, doc, _ := strings.Cut(line, "\t")
		flag, isFlag := strings.CutPrefix(name, "--")
		switch f := one.flag(flag); {
		case isValue:
			name = before + "=" + name
		case isFlag:
			name = dashes + flag
			if f != nil && f.Kind != "" {
				name, noSpace = name+"=", true
			}
		}
		lines[i] = strings.TrimSuffix(name+"\t"+doc, "\t")
	}
	if noSpace {
		var directive cobra.ShellCompDirective
		fmt.Sscanf(lines[last], ":%d", &directive)
		lines[last] = fmt.Sprintf(":%d", directive|cobra.ShellCompDirectiveNoSpace)
	}
	return strings.Join(lines, "\n") + "\n"
}

type completer = func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective)

// completeWords completes the words behind a target: its arguments, then further targets.
func (m magefile) completeWords(one target) completer {
	return func(_ *cobra.Command, before []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		switch {
		case one.Name == "completion" && one.isBuiltin() && len(before) == 0:
			return shells(), cobra.ShellCompDirectiveNoFileComp
		case one.Name == "init" && one.isBuiltin() && len(before) == 0:
			return initNames(), cobra.ShellCompDirectiveNoFileComp
		case len(before) < len(one.Args):
			return nil, cobra.ShellCompDirectiveDefault
		case one.isBuiltin() && (one.Name != "help" || len(before) > 0):
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var out []cobra.Completion
		for _, next := range m.table.Targets {
			if !next.isBuiltin() {
				out = append(out, cobra.CompletionWithDesc(next.Name, next.Short))
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeValue completes the value of a flag. Of a list it completes the last item.
func (m magefile) completeValue(f param) completer {
	return func(cmd *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if f.Type == "bool" {
			return []string{"true", "false"}, cobra.ShellCompDirectiveNoFileComp
		}
		fork, _ := cmd.Flags().GetString("fork")
		if f.Name == "fork" {
			fork = ""
		}
		known := m.values(fork)[f.Name]
		if f.Name == "ci" && cmd.Name() == "init" {
			known = initPipelines()
		}
		if known == nil {
			known = choices(f)
		}
		if known == nil && takesFile(f) {
			return nil, cobra.ShellCompDirectiveDefault
		}
		before, directive := "", cobra.ShellCompDirectiveNoFileComp
		if isList(f) {
			before = word[:strings.LastIndexByte(word, ',')+1]
			directive |= cobra.ShellCompDirectiveNoSpace
		}
		given := strings.Split(before, ",")
		var out []cobra.Completion
		for _, name := range known {
			if !slices.Contains(given, name) {
				out = append(out, before+name)
			}
		}
		return out, directive
	}
}

// choice matches the meaning of a flag that lists what it can be: quilt, mbox or git.
var choice = regexp.MustCompile(`^(?:[^:]*: )?([\w.-]+(?:, [\w.-]+)*),? or ([\w.-]+)(?:,| \(default|$)`)

// choices returns the names that the help of a flag lists, if it lists any.
func choices(f param) []string {
	m := choice.FindStringSubmatch(f.Doc)
	if m == nil || f.Kind != "NAME" {
		return nil
	}
	return append(strings.Split(m[1], ", "), m[2])
}

// isList reports whether a flag takes several values, with commas between them.
func isList(f param) bool {
	return f.Kind == "LIST" || slices.Contains([]string{"components", "packages", "images", "platforms"}, f.Name)
}

// takesFile reports whether a flag takes the path of a file or a folder.
func takesFile(f param) bool {
	return slices.Contains([]string{"FILE", "DIR", "PATH"}, f.Kind) || slices.Contains([]string{"from", "to"}, f.Name)
}

// values asks the compiled magefile what flags can be for a fork: names by the name of the
// flag. It returns none where it cannot be asked, or would take long.
func (m magefile) values(fork string) map[string][]string {
	i := slices.IndexFunc(m.table.Targets, func(t target) bool {
		return t.isOurs() && (t.Name == "forks" || strings.HasSuffix(t.Name, ":forks"))
	})
	if i < 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	ask := exec.CommandContext(ctx, m.exe, m.table.Targets[i].Name)
	ask.Dir, ask.Env = m.inv.Dir, append(os.Environ(), valuesVariable+"=1", "FORK="+fork)
	out, err := ask.Output()
	var values map[string][]string
	if err != nil || json.Unmarshal(out, &values) != nil {
		return nil
	}
	return values
}
