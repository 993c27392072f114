package ebuilds

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/slipway-build/slipway/packaging"
)

// services returns what OpenRC needs to run a package's services: of each unit a
// script that does the same, its configuration, and one for logrotate.
func services(p packaging.Package) []packaging.File {
	var out []packaging.File
	for _, f := range p.Files {
		name, ok := strings.CutPrefix(f.Path, unitDir+"/")
		if name, service := strings.CutSuffix(name, ".service"); ok && service && !strings.Contains(name, "/") {
			u := unit(f.Data)
			out = append(out,
				packaging.File{Path: "/etc/conf.d/" + name, Mode: 0o644, Data: conf(name, u)},
				packaging.File{Path: "/etc/init.d/" + name, Mode: 0o755, Data: initScript(u)},
				packaging.File{Path: "/etc/logrotate.d/" + name, Mode: 0o644, Data: logrotate(name)})
		}
	}
	return out
}

// A unit is the text of a service's unit file.
type unit []byte

// all returns the words of all lines with the key.
func (u unit) all(key string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`(?m)^`+key+`=(.*)$`).FindAllSubmatch(u, -1) {
		out = append(out, strings.Fields(string(m[1]))...)
	}
	return out
}

// line returns the whole last value of the key, or "".
func (u unit) line(key string) string {
	all := regexp.MustCompile(`(?m)^`+key+`=(.*)$`).FindAllSubmatch(u, -1)
	if len(all) == 0 {
		return ""
	}
	return string(all[len(all)-1][1])
}

// after returns the services that a script is ordered after, and net, OpenRC's
// name of an online network, if the unit waits for one. Other targets have no
// counterpart in OpenRC.
func (u unit) after() (need string, after []string) {
	for _, name := range u.all("After") {
		switch service, ok := strings.CutSuffix(name, ".service"); {
		case ok:
			after = append(after, service)
		case name == "network-online.target":
			need = "net"
		}
	}
	return need, after
}

// owner returns the user and group that the service runs as.
func (u unit) owner() string {
	if user := u.line("User"); user != "" {
		return user + ":" + user
	}
	return "root:root"
}

// initScript writes an init script for supervise-daemon.
func initScript(u unit) []byte {
	var b bytes.Buffer
	b.WriteString("#!/sbin/openrc-run\n# Distributed under the terms of the GNU General Public License v2\n\n")
	u.settings(&b)
	b.WriteString("\ndepend() {\n")
	need, after := u.after()
	if need != "" {
		fmt.Fprintf(&b, "\tneed %s\n", need)
	}
	if len(after) > 0 {
		fmt.Fprintf(&b, "\tafter %s\n", strings.Join(after, " "))
	}
	if before := u.all("Before"); len(before) > 0 {
		fmt.Fprintf(&b, "\tbefore %s\n", strings.ReplaceAll(strings.Join(before, " "), ".service", ""))
	}
	fmt.Fprintf(&b, "}\n\nstart_pre() {\n\tcheckpath -d -m 0750 -o %s \"/var/log/${RC_SVCNAME}\"\n", u.owner())
	for _, dir := range u.all("RuntimeDirectory") {
		fmt.Fprintf(&b, "\tcheckpath -d -m 0755 -o %s %q\n", u.owner(), path.Join("/run", dir))
	}
	b.WriteString("}\n")
	if post := u.line("ExecStartPost"); post != "" {
		fmt.Fprintf(&b, startPost, post)
	}
	return b.Bytes()
}

// variable matches a variable of a unit's command line.
var variable = regexp.MustCompile(`\$([A-Z_][A-Z0-9_]*)`)

// settings writes the variables of an init script.
func (u unit) settings(b *bytes.Buffer) {
	exec := u.all("ExecStart")
	fmt.Fprintf(b, "description=%q\nsupervisor=\"supervise-daemon\"\ncommand=%q\n", u.line("Description"), exec[0])
	if len(exec) > 1 {
		fmt.Fprintf(b, "command_args=\"%s\"\n", variable.ReplaceAllString(strings.Join(exec[1:], " "), "$${$1}"))
	}
	if u.line("User") != "" {
		fmt.Fprintf(b, "command_user=%q\n", u.owner())
	}
	b.WriteString(supervision)
	if files := u.line("LimitNOFILE"); files != "" {
		fmt.Fprintf(b, "rc_ulimit=\"-n %s\"\n", files)
	}
	if file := u.line("AssertPathExists"); file != "" {
		fmt.Fprintf(b, "required_files=%q\n", file)
	}
}

// supervision stops, logs and restarts a service as systemd does by default: it
// kills one that has not ended after a minute and a half.
const supervision = `retry="TERM/90/KILL/5"
output_log="/var/log/${RC_SVCNAME}/${RC_SVCNAME}.log"
error_log="${output_log}"
respawn_delay=5
respawn_max=0
`

const startPost = `
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

// conf writes the file that an init script reads first. It reads the file of
// options that the unit reads too.
func conf(name string, u unit) []byte {
	options := strings.TrimPrefix(u.line("EnvironmentFile"), "-")
	source := ". " + options
	if len(u.all("ExecStart")) == 1 { // the options are variables of the program's environment
		source = "set -a\n" + source + "\nset +a"
	}
	return fmt.Appendf(nil, "# The options of %s are in %s, for systemd as well.\n%s\n", name, options, source)
}

// logrotate writes how a script's log is rotated.
func logrotate(name string) []byte {
	const text = `/var/log/%s/%[1]s.log {
	size 5M
	rotate 3
	copytruncate
	missingok
	notifempty
}
`
	return fmt.Appendf(nil, text, name)
}
