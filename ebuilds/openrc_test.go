package ebuilds

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/packaging"
)

// TestInitScript has what a line of a unit becomes in an init script. To add a
// case, add a row: lines of the unit, and lines that the script has then, or, after
// a !, has not. Each unit has Description and ExecStart, too.
func TestInitScript(t *testing.T) {
	for _, c := range []struct {
		name, unit string
		want       []string
	}{
		{"as little as there can be", "", []string{
			`description="The bosun"`, `supervisor="supervise-daemon"`, `command="/usr/bin/bosun"`, `retry="TERM/90/KILL/5"`,
			"respawn_delay=5", "respawn_max=0", `output_log="/var/log/${RC_SVCNAME}/${RC_SVCNAME}.log"`,
			"!command_args", "!command_user", "!rc_ulimit", "!required_files", "!need", "!after", "!before", "!start_post",
		}},
		{"arguments", "ExecStart=/usr/bin/bosun --loud --port=80\n", []string{`command_args="--loud --port=80"`}},
		{"options", "ExecStart=/usr/bin/bosun $BOSUN_ARGS $MORE_2\n", []string{`command_args="${BOSUN_ARGS} ${MORE_2}"`}},
		{"a user", "User=bosun\n", []string{
			`command_user="bosun:bosun"`, "\tcheckpath -d -m 0750 -o bosun:bosun \"/var/log/${RC_SVCNAME}\"",
		}},
		{"root", "", []string{"\tcheckpath -d -m 0750 -o root:root \"/var/log/${RC_SVCNAME}\""}},
		{"open files", "LimitNOFILE=65536\n", []string{`rc_ulimit="-n 65536"`}},
		{"a file that must exist", "AssertPathExists=/etc/orders\n", []string{`required_files="/etc/orders"`}},
		{"after the network", "After=network-online.target\n", []string{"\tneed net", "!after"}},
		{"after services", "After=captain.service purser.service\n", []string{"\tafter captain purser", "!need"}},
		{"after, on several lines", "After=captain.service\nAfter=purser.service\n", []string{"\tafter captain purser"}},
		{"after targets that OpenRC does not have", "After=time-sync.target\n", []string{"!need", "!after"}},
		{"before services", "Before=deckhand.service cook.service\n", []string{"\tbefore deckhand cook"}},
		{"folders below /run", "User=bosun\nRuntimeDirectory=bosun crew\n", []string{
			"\tcheckpath -d -m 0755 -o bosun:bosun \"/run/bosun\"", "\tcheckpath -d -m 0755 -o bosun:bosun \"/run/crew\"",
		}},
		{"until it is ready", "ExecStartPost=/usr/bin/bosun muster\n", []string{
			"start_post() {", "\tfor i in $(seq 30); do # until the program is ready", "\t\t/usr/bin/bosun muster && return",
			"\treturn 1",
		}},
		{"the last of a value counts", "LimitNOFILE=1\nLimitNOFILE=2\n", []string{`rc_ulimit="-n 2"`}},
		{"a comment is no value", "# User=root\n", []string{"!command_user"}},
	} {
		unitText := c.unit
		if !strings.Contains(c.unit, "ExecStart=") {
			unitText = "ExecStart=/usr/bin/bosun\n" + c.unit
		}
		lines := strings.Split(string(initScript(unit("Description=The bosun\n"+unitText))), "\n")
		if lines[0] != "#!/sbin/openrc-run" {
			t.Errorf("%s: the script begins with %q", c.name, lines[0])
		}
		for _, want := range c.want {
			if absent, ok := strings.CutPrefix(want, "!"); ok {
				if slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(strings.TrimSpace(l), absent) }) {
					t.Errorf("%s: the script has %s:\n%s", c.name, absent, strings.Join(lines, "\n"))
				}
			} else if !slices.Contains(lines, want) {
				t.Errorf("%s: the script has no %q:\n%s", c.name, want, strings.Join(lines, "\n"))
			}
		}
	}
}

func TestConf(t *testing.T) {
	const comment = "# The options of bosun are in /etc/default/bosun, for systemd as well.\n"
	for _, c := range []struct{ name, unit, want string }{
		{"options are arguments", "EnvironmentFile=-/etc/default/bosun\nExecStart=/usr/bin/bosun $BOSUN_ARGS\n",
			". /etc/default/bosun\n"},
		{"options are variables", "EnvironmentFile=-/etc/default/bosun\nExecStart=/usr/bin/bosun\n",
			"set -a\n. /etc/default/bosun\nset +a\n"},
		{"the file must exist", "EnvironmentFile=/etc/default/bosun\nExecStart=/usr/bin/bosun -v\n",
			". /etc/default/bosun\n"},
	} {
		if got := string(conf("bosun", unit(c.unit))); got != comment+c.want {
			t.Errorf("%s: conf() =\n%s\nwant\n%s", c.name, got, comment+c.want)
		}
	}
}

// TestServices has which files of a package make scripts.
func TestServices(t *testing.T) {
	unit := "Description=x\nExecStart=/usr/bin/x\n"
	for _, c := range []struct {
		path string
		want []string
	}{
		{"/usr/lib/systemd/system/bosun.service",
			[]string{"/etc/conf.d/bosun", "/etc/init.d/bosun", "/etc/logrotate.d/bosun"}},
		{"/usr/lib/systemd/system/bosun.socket", nil},
		{"/usr/lib/systemd/system/bosun.service.d/10-crew.conf", nil},
		{"/usr/lib/systemd/system/crew.d/bosun.service", nil},
		{"/usr/lib/systemd/user/bosun.service", nil},
		{"/usr/share/doc/bosun.service", nil},
	} {
		var got []string
		for _, f := range services(packaging.Package{Files: []packaging.File{text(c.path, unit)}}) {
			got = append(got, f.Path)
			if script := strings.HasPrefix(f.Path, "/etc/init.d/"); script != (f.Mode == 0o755) {
				t.Errorf("%s has mode %o", f.Path, f.Mode)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s makes %q, want %q", c.path, got, c.want)
		}
	}
}
