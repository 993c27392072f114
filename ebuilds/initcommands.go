package ebuilds

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/shell"
	"github.com/slipway-build/slipway/internal/unitfile"
	"github.com/slipway-build/slipway/packaging"
)

// startPre writes what is done before the program starts.
func (s *service) startPre(b *strings.Builder) {
	lines := s.forbidden()
	if s.logs() {
		lines = append(lines, fmt.Sprintf(`checkpath -d -m 0750 -o %s "/var/log/${RC_SVCNAME}"`, s.owner()))
	}
	if s.runs == background {
		lines = append(lines, mayLog)
	}
	lines = append(lines, s.folders()...)
	lines = append(lines, s.moreLimits()...)
	for _, c := range s.commands("ExecStartPre") {
		lines = append(lines, s.command(c)+" || "+failure(c, "return 1"))
	}
	function(b, "start_pre", lines)
}

// mayLog does without a log where start-stop-daemon knows none: Debian's OpenRC uses
// that of dpkg.
const mayLog = "start-stop-daemon --help 2>&1 | grep -q -e --stdout || unset output_log error_log"

// phases writes the functions that a script has where the unit has commands.
func (s *service) phases(b *strings.Builder) {
	if s.runs == oneshot {
		start := append([]string{`ebegin "Starting ${RC_SVCNAME}"`}, s.chain("ExecStart")...)
		function(b, "start", append(start, `eend $?`))
	}
	s.startPost(b)
	if s.runs == background || s.runs == forking { // by the process alone, as systemd: its program may be another
		function(b, "stop", []string{`ebegin "Stopping ${RC_SVCNAME}"`,
			`start-stop-daemon --stop --oknodo --retry "${retry}" --pidfile "${pidfile}"`, "eend $?"})
	}
	if stop := s.chain("ExecStop"); len(stop) > 0 {
		if s.runs == oneshot {
			stop = append(append([]string{`ebegin "Stopping ${RC_SVCNAME}"`}, stop...), "ewend $?", "return 0")
			function(b, "stop", stop)
		} else { // whatever they do, the program is stopped then
			function(b, "stop_pre", append(append(s.mainPID(), stop...), "return 0"))
		}
	}
	if post := s.chain("ExecStopPost"); len(post) > 0 {
		function(b, "stop_post", append(post, "return 0"))
	}
	if reload := s.chain("ExecReload"); len(reload) > 0 {
		reload = append(append(s.mainPID(), `ebegin "Reloading ${RC_SVCNAME}"`), reload...)
		function(b, "reload", append(reload, "eend $?"))
	}
}

// function writes a function of the shell, if it has any lines.
func function(b *strings.Builder, name string, lines []string) {
	if len(lines) > 0 {
		fmt.Fprintf(b, "\n%s() {\n\t%s\n}\n", name, strings.Join(lines, "\n\t"))
	}
}

// readyLoop waits for what a unit runs after its start: OpenRC does not know when a
// program is ready.
const readyLoop = `
start_post() {
	local i
	for i in $(seq 30); do # until the program is ready
		%s && return
		sleep 1
	done
	eerror "${RC_SVCNAME} is not ready"
	return 1
}
`

// startPost writes what is done after the program has started.
func (s *service) startPost(b *strings.Builder) {
	all := s.commands("ExecStartPost")
	must := func(c unitfile.Command) bool { return !strings.Contains(c.Prefix, "-") }
	if s.runs == oneshot || !slices.ContainsFunc(all, must) {
		if lines := s.chain("ExecStartPost"); len(lines) > 0 {
			function(b, "start_post", lines)
		}
		return
	}
	fmt.Fprintf(b, readyLoop, strings.Join(s.chain("ExecStartPost"), "\n\t\t"))
}

// mainPID returns the lines that tell commands the number of the program's process.
func (s *service) mainPID() []string {
	pid := `"$(cat "${pidfile}")"`
	switch s.runs {
	case supervised:
		pid = `"$(service_get_value child_pid)"`
	case oneshot:
		return nil
	}
	return []string{"MAINPID=" + pid, "export MAINPID"}
}

// chain returns the commands of a key as one list, of which each runs if the one
// before it did not fail.
func (s *service) chain(key string) []string {
	var out []string
	for _, c := range s.commands(key) {
		line := s.command(c)
		if strings.Contains(c.Prefix, "-") {
			line = "{ " + line + " || :; }"
		}
		if len(out) > 0 {
			out[len(out)-1] += " &&"
			line = "\t" + line
		}
		out = append(out, line)
	}
	return out
}

// failure returns what is done after a command has failed: nothing, if it may.
func failure(c unitfile.Command, otherwise string) string {
	if strings.Contains(c.Prefix, "-") {
		return ":"
	}
	return otherwise
}

// programPath matches paths of programs that OpenRC starts: it reads them as words
// of the shell, and again.
var programPath = regexp.MustCompile(`^/[A-Za-z0-9_./+@:,-]+$`)

// commands returns the commands of a key, with the specifiers of their words
// replaced.
func (s *service) commands(key string) []unitfile.Command {
	var out []unitfile.Command
	for _, of := range s.unit.All("Service", key) {
		all, err := of.Commands()
		s.note(err)
		for _, c := range all {
			c.Program = s.text(of, c.Program)
			if !programPath.MatchString(c.Program) {
				s.fail(of, "OpenRC cannot start %q: want an absolute path of letters, digits and . _ + @ : , -", c.Program)
			}
			if strings.ContainsAny(c.Prefix, "@|") || strings.Contains(c.Prefix, "!") && s.last("User").Key != "" {
				s.fail(of, "OpenRC has no counterpart of %s%s", c.Prefix, c.Program)
			}
			for i, arg := range c.Args {
				c.Args[i] = s.text(of, arg)
			}
			out = append(out, c)
		}
	}
	return out
}

// runCommand is the function of a script that runs a command as the unit says.
const runCommand = "as_service "

// command returns a command for the shell.
func (s *service) command(c unitfile.Command) string {
	run := ""
	if s.changes() && !strings.Contains(c.Prefix, "+") {
		run = runCommand
	}
	words, split := s.arguments(c)
	if !split {
		return strings.Join(append([]string{run + c.Program}, words...), " ")
	}
	return fmt.Sprintf(`eval "%s%s %s"`, run, c.Program, s.evaluated(c))
}

// changes reports whether commands of the unit run otherwise than as root in /.
func (s *service) changes() bool {
	user, group := s.user()
	return user+group != "" || s.mask() != "" || s.last("WorkingDirectory").Key != ""
}

// runFunction writes the function that runs a command as the unit says.
func (s *service) runFunction(b *strings.Builder) {
	b.WriteString("\nas_service() (\n")
	if mask := s.mask(); mask != "" {
		fmt.Fprintf(b, "\tumask %s\n", mask)
	}
	if dir := s.last("WorkingDirectory"); dir.Key != "" {
		fmt.Fprintf(b, "\tcd %s || return 1\n", shell.Quote(s.value(dir)))
	}
	user, group := s.user()
	switch {
	case user+group == "":
		b.WriteString("\t\"$@\"\n)\n")
	case group != user:
		s.fail(s.last("Group"), "a script runs commands with the groups of User=: leave it out, or write + before them")
	default:
		fmt.Fprintf(b, "\tsu -s /bin/sh -c 'exec \"$@\"' -- %s sh \"$@\"\n)\n", user)
	}
}

// arguments returns a command's arguments as words of the shell, and whether one of
// them is a variable that is split in words.
func (s *service) arguments(c unitfile.Command) (words []string, split bool) {
	for _, arg := range c.Args {
		pieces, err := c.Pieces(arg)
		s.note(err)
		if err == nil && pieces[0].Kind == unitfile.Words {
			words, split = append(words, fmt.Sprintf(`$(words "${%s}")`, pieces[0].Text)), true
			continue
		}
		words = append(words, word(pieces))
	}
	return words, split
}

// word returns the pieces of an argument as one word of the shell.
func word(pieces []unitfile.Piece) string {
	var quoted, plain strings.Builder
	for _, p := range pieces {
		if p.Kind == unitfile.Variable {
			fmt.Fprintf(&quoted, "${%s}", p.Text)
			continue
		}
		quoted.WriteString(shell.QuoteInside(p.Text))
		plain.WriteString(p.Text)
	}
	if len(pieces) == 1 {
		return shell.Quote(plain.String())
	}
	return `"` + quoted.String() + `"`
}

// evaluated returns a command's arguments as text between double quotes that is
// read as words of the shell once more.
func (s *service) evaluated(c unitfile.Command) string {
	words, _ := s.arguments(c)
	for i, w := range words {
		if !strings.HasPrefix(w, "$(words ") {
			words[i] = shell.QuoteInside(w)
		}
	}
	return strings.Join(words, " ")
}

// scriptVariable matches the variables that init scripts and OpenRC read.
var scriptVariable = regexp.MustCompile(`^(IFS|RC_\w+|SVCNAME|EINFO_\w+|capabilities|child_pid|chroot|command\w*|` +
	`description\w*|directory|error_log\w*|extra_\w+|healthcheck_\w+|in_background_fake|name|no_new_privs|notify|opts|` +
	`output_log\w*|pidfile|procname|rc_\w+|required_\w+|respawn_\w+|retry|secbits|start_\w+|stopsig|supervis\w+|umask)$`)

// conf returns the file that the script reads first: the variables of the unit, and
// the files of options that the unit reads, too.
func (s *service) conf(p packaging.Package) string {
	var b strings.Builder
	files := s.environmentFiles(p)
	switch {
	case len(files) > 0:
		fmt.Fprintf(&b, "# The options of %s are in %s, for systemd as well.\n", s.name, strings.Join(files, " and "))
	default:
		fmt.Fprintf(&b, "# Variables of the init script of %s; see openrc-run(8).\n", s.name)
	}
	for _, of := range s.unit.All("Service", "Environment") {
		words, err := of.Words()
		s.note(err)
		for _, w := range words {
			name, value, ok := strings.Cut(s.text(of, w), "=")
			switch value = shell.Quote(value); {
			case !ok || !unitfile.IsVariable(name):
				s.fail(of, "%q is not an assignment: want NAME=VALUE", w)
			case scriptVariable.MatchString(name):
				s.fail(of, "OpenRC reads a variable %s itself: want another name", name)
			case name == "PATH": // OpenRC finds its commands there, too
				value += `:"${PATH}"`
			}
			fmt.Fprintf(&b, "export %s=%s\n", name, value)
		}
	}
	if len(files) == 0 {
		return b.String()
	}
	b.WriteString("set -a\n")
	for _, of := range s.unit.All("Service", "EnvironmentFile") {
		file, optional := strings.CutPrefix(s.value(of), "-")
		file = shell.Quote(file)
		if optional {
			fmt.Fprintf(&b, "[ ! -e %s ] || ", file)
		}
		fmt.Fprintf(&b, ". %s\n", file)
	}
	b.WriteString("set +a\n")
	return b.String()
}

// environmentFiles returns the files of options that a unit reads. Those of the
// package must be the same to systemd and to the shell.
func (s *service) environmentFiles(p packaging.Package) []string {
	var out []string
	for _, of := range s.unit.All("Service", "EnvironmentFile") {
		file := s.absolute(of, strings.TrimPrefix(s.value(of), "-"))
		if strings.ContainsAny(file, "*?[") {
			s.fail(of, "OpenRC reads no pattern of files")
		}
		i := slices.IndexFunc(p.Files, func(f packaging.File) bool { return f.Path == file })
		if i >= 0 {
			s.note(sameInShell(file, string(p.Files[i].Data)))
		}
		out = append(out, file)
	}
	return out
}

// options matches the lines of a file of options that systemd and the shell read
// alike: empty ones, comments, and variables, whose values may be in quotes.
var options = regexp.MustCompile(`^[ \t]*(#.*[^\\\n]|#|[A-Za-z_][A-Za-z0-9_]*=(` +
	`[A-Za-z0-9%+,./:=@_-]*|"([^"\\$` + "`" + `]|\\["\\$` + "`" + `\n])*"|'[^']*')[ \t]*)?(\n|$)`)

// sameInShell returns an error about the first line of a file of options that the
// shell reads otherwise than systemd.
func sameInShell(file, text string) error {
	for line := 1; text != ""; {
		m := options.FindString(text)
		if m == "" {
			first, _, _ := strings.Cut(text, "\n")
			return fmt.Errorf("%s:%d: OpenRC reads options with a shell, to which %q is something else: "+
				"want NAME=\"VALUE\", without $ and ` in it", file, line, first)
		}
		name, _, _ := strings.Cut(strings.TrimSpace(m), "=")
		if name == "PATH" || scriptVariable.MatchString(name) {
			return fmt.Errorf("%s:%d: OpenRC reads a variable %s itself: want another name", file, line, name)
		}
		line += strings.Count(m, "\n")
		text = text[len(m):]
	}
	return nil
}
