package ebuilds

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/slipway-build/slipway/packaging"
)

// unitDir has the units of a package.
const unitDir = "/usr/lib/systemd/system/"

// services returns what OpenRC needs to run a package's services: of each unit a
// script that does the same, and how its log is rotated.
func services(p packaging.Package) []packaging.File {
	var out []packaging.File
	for _, f := range p.Files {
		name, ok := strings.CutPrefix(f.Path, unitDir)
		if name, service := strings.CutSuffix(name, ".service"); ok && service && !strings.Contains(name, "/") {
			out = append(out,
				packaging.File{Path: "/etc/conf.d/" + name, Mode: 0o644, Data: conf(name, unit(f.Data))},
				packaging.File{Path: "/etc/init.d/" + name, Mode: 0o755, Data: initScript(name, unit(f.Data))},
				packaging.File{Path: "/etc/logrotate.d/" + name, Mode: 0o644, Data: logrotate(name)})
		}
	}
	return out
}

// A unit is a service's unit file.
type unit []byte

// all returns the words of all lines with the key.
func (u unit) all(key string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`(?m)^`+key+`=(.*)$`).FindAllSubmatch(u, -1) {
		out = append(out, strings.Fields(string(m[1]))...)
	}
	return out
}

// line returns the last value of the key, whole.
func (u unit) line(key string) string {
	all := regexp.MustCompile(`(?m)^`+key+`=(.*)$`).FindAllSubmatch(u, -1)
	if len(all) == 0 {
		return ""
	}
	return string(all[len(all)-1][1])
}

// after are what a script can be ordered after, by the names of units; targets
// mean what OpenRC calls net.
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

// variable matches what a command line takes from its options.
var variable = regexp.MustCompile(`\$([A-Z_][A-Z0-9_]*)`)

// initScript writes an init script for supervise-daemon.
func initScript(name string, u unit) []byte {
	var b bytes.Buffer
	exec := u.all("ExecStart")
	fmt.Fprintf(&b, "#!/sbin/openrc-run\n# Distributed under the terms of the GNU General Public License v2\n\ndescription=%q\n", u.line("Description"))
	fmt.Fprintf(&b, "supervisor=\"supervise-daemon\"\ncommand=%q\n", exec[0])
	if len(exec) > 1 {
		fmt.Fprintf(&b, "command_args=%s\n", `"`+variable.ReplaceAllString(strings.Join(exec[1:], " "), "$${$1}")+`"`)
	}
	owner := "root:root"
	if user := u.line("User"); user != "" {
		owner = user + ":" + user
		fmt.Fprintf(&b, "command_user=%q\n", owner)
	}
	// As systemd does: a service that does not end has a minute and a half to.
	b.WriteString("retry=\"TERM/90/KILL/5\"\n")
	b.WriteString("output_log=\"/var/log/${RC_SVCNAME}/${RC_SVCNAME}.log\"\nerror_log=\"${output_log}\"\nrespawn_delay=5\nrespawn_max=0\n")
	if files := u.line("LimitNOFILE"); files != "" {
		fmt.Fprintf(&b, "rc_ulimit=\"-n %s\"\n", files)
	}
	if file := u.line("AssertPathExists"); file != "" {
		fmt.Fprintf(&b, "required_files=%q\n", file)
	}
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
	fmt.Fprintf(&b, "}\n\nstart_pre() {\n\tcheckpath -d -m 0750 -o %s \"/var/log/${RC_SVCNAME}\"\n", owner)
	for _, dir := range u.all("RuntimeDirectory") {
		fmt.Fprintf(&b, "\tcheckpath -d -m 0755 -o %s %q\n", owner, path.Join("/run", dir))
	}
	b.WriteString("}\n")
	if post := u.line("ExecStartPost"); post != "" {
		fmt.Fprintf(&b, "\nstart_post() {\n\tlocal i\n\tfor i in $(seq 30); do # until the program is ready\n\t\t%s && return\n\t\tsleep 1\n\tdone\n\teerror \"${RC_SVCNAME} is not ready\"\n\treturn 1\n}\n", post)
	}
	return b.Bytes()
}

// conf is what an init script reads first: the options that the unit has, too.
func conf(name string, u unit) []byte {
	options := strings.TrimPrefix(u.line("EnvironmentFile"), "-")
	source := ". " + options
	if len(u.all("ExecStart")) == 1 { // they are variables of the program's environment
		source = "set -a\n" + source + "\nset +a"
	}
	return fmt.Appendf(nil, "# The options of %s are in %s, for systemd as well.\n%s\n", name, options, source)
}

// logrotate says how a script's log is rotated.
func logrotate(name string) []byte {
	return fmt.Appendf(nil, "/var/log/%s/%[1]s.log {\n\tsize 5M\n\trotate 3\n\tcopytruncate\n\tmissingok\n\tnotifempty\n}\n", name)
}
