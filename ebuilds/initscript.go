package ebuilds

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/shell"
	"github.com/slipway-build/slipway/internal/unitfile"
)

// script returns the init script.
func (s *service) script() string {
	var body strings.Builder
	fmt.Fprintf(&body, "description=%s\n", inQuotes(s.value(s.unit.Last("Unit", "Description"))))
	if s.runs != oneshot {
		s.daemon(&body)
	}
	s.required(&body)
	if s.last("ExecReload").Key != "" {
		body.WriteString("extra_started_commands=\"reload\"\n")
	}
	s.exports(&body)
	s.depend(&body)
	s.startPre(&body)
	s.phases(&body)
	var b strings.Builder
	b.WriteString("#!/sbin/openrc-run\n# Distributed under the terms of the GNU General Public License v2\n\n")
	if strings.Contains(body.String(), "$(words ") {
		b.WriteString(wordsFunction)
	}
	b.WriteString(body.String())
	if strings.Contains(body.String(), runCommand) {
		s.runFunction(&b)
	}
	return b.String()
}

// inQuotes returns s between double quotes, for the shell.
func inQuotes(s string) string { return `"` + shell.QuoteInside(s) + `"` }

// wordsFunction is the shell function that splits a variable of a command line.
const wordsFunction = `# words prints the words of a value as systemd splits it, each quoted for the shell.
words() {
	local rest="$1" word="" open="" quote="" c
	while [ -n "${rest}" ]; do
		c="${rest%"${rest#?}"}" rest="${rest#?}"
		case "${quote}${c}" in
			[[:space:]]) [ -z "${open}" ] || printf "'%s' " "${word}"; word="" open=""; continue ;;
			\' | \") quote="${c}" open=1; continue ;;
			\'\' | \"\") quote=""; continue ;;
			*\\) [ -n "${rest}" ] || continue; c="${rest%"${rest#?}"}" rest="${rest#?}" ;;
		esac
		[ "${c}" != \' ] || c="'\\''"
		word="${word}${c}" open=1
	done
	[ -z "${open}" ] || printf "'%s' " "${word}"
}

`

// daemon writes the variables of a script whose program keeps running.
func (s *service) daemon(b *strings.Builder) {
	switch s.runs {
	case supervised:
		b.WriteString("supervisor=\"supervise-daemon\"\n")
	case background:
		b.WriteString("command_background=\"yes\"\npidfile=\"/run/${RC_SVCNAME}.pid\"\n")
	case forking:
		of := s.last("PIDFile")
		fmt.Fprintf(b, "pidfile=%s\n", inQuotes(s.absolute(of, s.value(of))))
	}
	as := s.program(b)
	if dir := s.last("WorkingDirectory"); dir.Key != "" {
		fmt.Fprintf(b, "directory=%s\n", inQuotes(shell.Quote(s.absolute(dir, s.value(dir)))))
	}
	if user, group := s.user(); user+group != "" && as {
		fmt.Fprintf(b, "command_user=%s\n", inQuotes(s.owner()))
	}
	if mask := s.mask(); mask != "" {
		fmt.Fprintf(b, "umask=%q\n", mask)
	}
	s.capabilities(b)
	s.supervision(b)
	s.limits(b)
}

// program writes the program and its arguments. It reports whether it runs as the
// unit's user.
func (s *service) program(b *strings.Builder) bool {
	all := s.commands("ExecStart")
	if len(all) == 0 {
		return true
	}
	if len(all) > 1 {
		s.fail(all[1].Setting, "only a service of Type=oneshot can have more than one command")
	}
	c := all[0]
	fmt.Fprintf(b, "command=%s\n", inQuotes(c.Program))
	if len(c.Args) > 0 {
		fmt.Fprintf(b, "command_args=\"%s\"\n", s.evaluated(c))
	}
	return !strings.Contains(c.Prefix, "+")
}

// mask returns the unit's umask where it is not what OpenRC has anyway.
func (s *service) mask() string {
	of := s.last("UMask")
	if of.Key != "" && !octal.MatchString(of.Value) {
		s.fail(of, "%q is not a umask: want octal digits", of.Value)
	}
	if strings.TrimLeft(of.Value, "0") == "22" {
		return ""
	}
	return of.Value
}

var octal = regexp.MustCompile(`^[0-7]{1,4}$`)

// supervision writes how a program is stopped, logged and started again. systemd
// kills what has not ended after a minute and a half, unless told.
func (s *service) supervision(b *strings.Builder) {
	signal := "TERM"
	if of := s.last("KillSignal"); of.Key != "" {
		signal = strings.TrimPrefix(of.Value, "SIG")
		if !signalName.MatchString(signal) {
			s.fail(of, "%q is not a signal that OpenRC knows: want a name such as SIGINT", of.Value)
		}
	}
	stop := s.last("TimeoutStopSec")
	if stop.Key == "" {
		stop = s.last("TimeoutSec")
	}
	wait := s.seconds(stop, 90)
	if wait == 0 { // to systemd it is no end
		s.fail(stop, "OpenRC cannot wait without an end: want seconds")
	}
	fmt.Fprintf(b, "retry=\"%s/%d/KILL/5\"\n", signal, wait)
	s.output(b)
	if s.runs == supervised {
		fmt.Fprintf(b, "respawn_delay=%d\nrespawn_max=0\n", s.seconds(s.last("RestartSec"), 5))
	}
}

// signalName matches the signals that start-stop-daemon and supervise-daemon know.
var signalName = regexp.MustCompile(`^(ABRT|ALRM|BUS|CHLD|CONT|FPE|HUP|ILL|INT|IO|KILL|PIPE|PROF|PWR|QUIT|SEGV|` +
	`STOP|SYS|TERM|TRAP|TSTP|TTIN|TTOU|URG|USR[12]|VTALRM|WINCH|XCPU|XFSZ)$`)

// logs reports whether the service's output goes to a log of its own.
func (s *service) logs() bool {
	return (s.runs == supervised || s.runs == background) && logged(s.last("StandardOutput"))
}

// logged reports whether systemd logs what is written to an output.
func logged(of unitfile.Setting) bool {
	switch of.Value {
	case "", "inherit", "journal", "journal+console", "syslog", "syslog+console", "kmsg", "kmsg+console":
		return true
	}
	return false
}

// output writes where a program's output goes.
func (s *service) output(b *strings.Builder) {
	to := s.last("StandardOutput")
	kind, file, _ := strings.Cut(s.value(to), ":")
	if errors := s.last("StandardError"); !logged(errors) && errors.Value != to.Value {
		s.fail(errors, "OpenRC has no counterpart of another output for errors")
	}
	switch {
	case s.logs():
		b.WriteString("output_log=\"/var/log/${RC_SVCNAME}/${RC_SVCNAME}.log\"\nerror_log=\"${output_log}\"\n")
	case s.runs == forking:
	case kind == "null":
		b.WriteString("output_log=\"/dev/null\"\nerror_log=\"${output_log}\"\n")
	case (kind == "file" || kind == "append") && shell.Quote(file) == file:
		fmt.Fprintf(b, "output_log=\"%s\"\nerror_log=\"${output_log}\"\n", s.absolute(to, file))
	default:
		s.fail(to, "OpenRC has no counterpart")
	}
}

// required writes the files without which the service does not start.
func (s *service) required(b *strings.Builder) {
	var files []string
	for _, key := range conditions {
		for _, of := range s.unit.All("Unit", key) {
			if _, not := absent(of); not {
				continue
			}
			at := s.absolute(of, s.value(of))
			if strings.ContainsAny(at, " \t*?[") {
				s.fail(of, "OpenRC cannot look for %q: its name is a pattern, or has white space", at)
			}
			files = append(files, at)
		}
	}
	if len(files) > 0 {
		fmt.Fprintf(b, "required_files=%s\n", inQuotes(strings.Join(files, " ")))
	}
}

// absent returns the path that a setting says must not exist, if it says that.
func absent(of unitfile.Setting) (at string, ok bool) {
	at, ok = strings.CutPrefix(of.Value, "!")
	return at, ok && strings.HasSuffix(of.Key, "PathExists")
}

// forbidden returns the lines that look for what must not exist.
func (s *service) forbidden() []string {
	var out []string
	for _, key := range conditions {
		for _, of := range s.unit.All("Unit", key) {
			if at, not := absent(of); not {
				at = s.absolute(of, s.text(of, at))
				why := inQuotes(s.name + " does not start where there is " + at)
				out = append(out, fmt.Sprintf("[ ! -e %s ] || { eerror %s; return 1; }", inQuotes(at), why))
			}
		}
	}
	return out
}

// needs are the dependencies without which a service does not start.
var needs = []string{"Requires", "Requisite", "BindsTo"}

// depend writes what the service is ordered by.
func (s *service) depend(b *strings.Builder) {
	need, want := s.virtual(), []string(nil)
	after, before := s.services("After"), s.services("Before")
	for _, of := range s.unit.All("Unit", "Conflicts") {
		if slices.ContainsFunc(of.Names(), func(name string) bool { return path.Ext(name) != ".target" }) {
			s.fail(of, "OpenRC has no counterpart: it stops no service because another one starts")
		}
	}
	for _, key := range needs {
		need = append(need, s.services(key)...)
	}
	for _, key := range []string{"Wants", "Upholds"} {
		want = append(want, s.services(key)...)
	}
	var lines []string
	for _, line := range []struct {
		word  string
		names []string
	}{{"need", need}, {"want", want}, {"after", after}, {"before", before}} {
		if len(line.names) > 0 {
			lines = append(lines, line.word+" "+strings.Join(line.names, " "))
		}
	}
	function(b, "depend", lines)
}

// virtual returns OpenRC's services for what a unit needs that is none to systemd: an
// online network, and mounted file systems. Other targets have no counterpart.
func (s *service) virtual() []string {
	var need []string
	for _, of := range s.unit.All("Unit", "After") {
		if slices.Contains(of.Names(), "network-online.target") {
			need = []string{"net"}
		}
	}
	mounts := len(s.unit.All("Unit", "RequiresMountsFor")) > 0
	for _, key := range needs {
		for _, of := range s.unit.All("Unit", key) {
			mounts = mounts || slices.ContainsFunc(of.Names(), isMount)
		}
	}
	if mounts {
		need = append(need, "localmount")
	}
	return need
}

func isMount(unit string) bool { return path.Ext(unit) == ".mount" }

// theirs are the kinds of units, besides services, that only systemd has.
var theirs = []string{".device", ".path", ".socket", ".swap", ".timer"}

// services returns the services that a dependency names. Those of systemd itself have
// no counterpart; a service that needs one is refused.
func (s *service) services(key string) []string {
	var out []string
	for _, of := range s.unit.All("Unit", key) {
		for _, word := range of.Names() {
			name, ok := strings.CutSuffix(s.text(of, word), ".service")
			foreign := ok && (strings.HasPrefix(name, "systemd-") || !scriptName.MatchString(name))
			switch {
			case (foreign || slices.Contains(theirs, path.Ext(word))) && slices.Contains(needs, key):
				s.fail(of, "%s has no counterpart in OpenRC", word)
			case ok && !foreign && !slices.Contains(out, name):
				out = append(out, name)
			}
		}
	}
	return out
}
