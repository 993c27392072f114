package docscript

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/shell"
)

// A Result is a step that was run.
type Result struct {
	Step
	Printed []string
	Seconds float64
	Failed  bool
	Dir     string // where the shell is afterwards
}

// A Shell is where steps are run.
type Shell struct {
	Dir   string // where the first one begins
	Env   run.Env
	Under []string // a command that runs the shell, which its last words are
}

// Run runs steps in one shell, each in the folder where the one before it left it, up to the first that
// fails although the page does not show that. The results are of those that were run.
func (s Shell) Run(ctx context.Context, steps []Step) ([]Result, error) {
	const token = "-- docscript --"
	var out bytes.Buffer
	err := run.Runner{}.Run(ctx, run.Cmd{
		Args: append(slices.Clone(s.Under), "bash", "-c", script(steps, token)),
		Dir:  s.Dir, Env: s.Env, Stdout: &out, Stderr: &out,
	})
	results, parseErr := results(steps, out.String(), token)
	if parseErr != nil {
		return nil, fmt.Errorf("%w: %w\n%s", parseErr, err, out.String())
	}
	if err != nil && run.IsExit(err) && len(results) > 0 && results[len(results)-1].Failed {
		err = nil // the result says so
	}
	return results, err
}

// script returns the steps for bash. After each, the token is printed, with its status and its time.
func script(steps []Step, token string) string {
	var text strings.Builder
	text.WriteString("exec 2>&1\n")
	fmt.Fprintf(&text, "docscript() { printf '\\n%%s %%s %%s %%s\\n' %s \"$1\" "+
		"\"$(awk \"BEGIN {print $EPOCHREALTIME - $2}\")\" \"$PWD\"; "+
		"[ \"$1\" = 0 ] || [ \"$3\" = true ] || exit \"$1\"; }\n", shell.Quote(token))
	for _, step := range steps {
		text.WriteString("docscript_began=$EPOCHREALTIME\n")
		if step.File != "" {
			fmt.Fprintf(&text, "mkdir -p %s && cat >%s <<'%s'\n%s\n%[3]s\n", shell.Quote(path.Dir(step.File)),
				shell.Quote(step.File), token, strings.Join(step.Prints, "\n"))
		} else {
			fmt.Fprintf(&text, "{ %s\n} </dev/null\n", step.Command)
		}
		fmt.Fprintf(&text, "docscript $? $docscript_began %t\n", step.fails())
	}
	return text.String()
}

// results reads what a script printed.
func results(steps []Step, out, token string) ([]Result, error) {
	var results []Result
	for _, step := range steps {
		printed, rest, found := strings.Cut(out, "\n"+token+" ")
		if !found {
			break
		}
		line, rest, _ := strings.Cut(rest, "\n")
		words := strings.SplitN(line, " ", 3)
		if len(words) != 3 {
			return nil, fmt.Errorf("the shell wrote %q", line)
		}
		seconds, err := strconv.ParseFloat(words[1], 64)
		if err != nil {
			return nil, fmt.Errorf("the shell wrote %q", line)
		}
		r := Result{Step: step, Seconds: seconds, Failed: words[0] != "0", Dir: words[2]}
		if printed = strings.TrimRight(printed, "\n"); printed != "" {
			r.Printed = strings.Split(printed, "\n")
		}
		results, out = append(results, r), rest
	}
	return results, nil
}

// Fault returns what is wrong with a result, by the page that has its step; or "".
func (r Result) Fault(page string) string {
	where := fmt.Sprintf("%s:%d: %s", page, r.Line, r.Command)
	switch {
	case r.Failed && !r.fails():
		return fmt.Sprintf("%s: failed\n%s", where, strings.Join(r.Printed, "\n"))
	case !r.Failed && r.fails():
		return fmt.Sprintf("%s: does not fail\n%s", where, strings.Join(r.Printed, "\n"))
	case r.File != "" || len(r.Prints) == 0:
		return ""
	}
	if d := Differ(r.Prints, r.Printed); d != "" {
		return where + ": " + d
	}
	return ""
}
