package ebuilds

import (
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/packaging"
)

// bosunService returns the files that run bosun.service, by path. Its unit has the given
// lines of the sections Unit and Service.
func bosunService(unit, service string, more ...packaging.File) (map[string]string, error) {
	if !strings.Contains(service, "ExecStart=") && !strings.Contains(service, "ExecStop=") {
		service = "ExecStart=/usr/bin/bosun\n" + service
	}
	return scriptsOf("bosun", "[Unit]\nDescription=The bosun\n"+unit+"\n[Service]\n"+service, more...)
}

// scriptsOf returns the files that run a service, by path.
func scriptsOf(name, unit string, more ...packaging.File) (map[string]string, error) {
	files := append(more, text("/usr/lib/systemd/system/"+name+".service", unit))
	made, err := services(packaging.Package{Name: name, Files: files})
	out := map[string]string{}
	for _, f := range made {
		out[f.Path] = string(f.Data)
	}
	return out, err
}

// TestInitScript has what a line of a unit becomes in an init script. To add a
// case, add a row: lines of the unit, and lines that the script has then, or, after
// a !, has not. A unit without ExecStart gets one.
func TestInitScript(t *testing.T) {
	const again = "Restart=always\n"
	for _, c := range []struct {
		name, unit, service string
		want                []string
	}{
		{"as little as there can be", "", again, []string{
			`description="The bosun"`, `supervisor="supervise-daemon"`, `command="/usr/bin/bosun"`, `retry="TERM/90/KILL/5"`,
			"respawn_delay=5", "respawn_max=0", `output_log="/var/log/${RC_SVCNAME}/${RC_SVCNAME}.log"`,
			"!command_args", "!command_user", "!rc_ulimit", "!required_files", "!need", "!want", "!after", "!before",
			"!start_post", "!umask", "!directory", "!words", "!as_service", "!extra_started_commands", "!stop", "!reload",
			"!command_background",
		}},
		{"arguments", "", "ExecStart=/usr/bin/bosun --loud --port=80\n", []string{`command_args="--loud --port=80"`}},
		{"continued, with a comment between", "", "ExecStart=/usr/bin/bosun \\\n  --north \\\n# south\n ; east\n  --bell\n",
			[]string{`command_args="--north --bell"`}},
		{"options", "", "ExecStart=/usr/bin/bosun $BOSUN_ARGS $MORE_2\n",
			[]string{`command_args="$(words "${BOSUN_ARGS}") $(words "${MORE_2}")"`, "words() {"}},
		{"a variable in a word", "", "ExecStart=/usr/bin/bosun --log=${LOG}s\n",
			[]string{`command_args="\"--log=\${LOG}s\""`, "!words"}},
		{"what the shell would read", "", "ExecStart=/usr/bin/bosun 'a b' *.go $$HOME \"it's\" `id` 10% a\\x20b <100Mi\n",
			[]string{`command_args="'a b' '*.go' '\$HOME' 'it'\\''s' '\` + "`id\\`" + `' 10% 'a b' '<100Mi'"`}},
		{"no variables", "", "ExecStart=:/usr/bin/bosun $HOME\n", []string{`command_args="'\$HOME'"`}},
		{"specifiers", "", "ExecStart=/usr/bin/bosun %n %N %p [%i] %t/x %%\n",
			[]string{`command_args="bosun.service bosun bosun '[]' /run/x %"`}},
		{"the last command counts after an empty one", "",
			"ExecStart=/usr/bin/bosun a\nExecStart=\nExecStart=/usr/bin/bosun b\n",
			[]string{`command_args="b"`}},
		{"a user", "", again + "User=bosun\n", []string{
			`command_user="bosun:bosun"`, "\tcheckpath -d -m 0750 -o bosun:bosun \"/var/log/${RC_SVCNAME}\"",
		}},
		{"root by name", "", again + "User=root\nExecStartPre=/bin/true\n",
			[]string{"!command_user", "\t/bin/true || return 1"}},
		{"a group", "", "User=bosun\nGroup=crew\n", []string{`command_user="bosun:crew"`}},
		{"root in a group", "", "Group=crew\n", []string{`command_user="root:crew"`}},
		{"a user, for all but the program", "", "ExecStart=+/usr/bin/bosun\nUser=bosun\n", []string{"!command_user"}},
		{"root", "", "", []string{"\tcheckpath -d -m 0750 -o root:root \"/var/log/${RC_SVCNAME}\""}},
		{"a folder to work in", "", "WorkingDirectory=/var/lib/bosun\n", []string{`directory="/var/lib/bosun"`}},
		{"a umask", "", "UMask=0077\n", []string{`umask="0077"`}},
		{"the umask that all have", "", "UMask=0022\n", []string{"!umask"}},
		{"open files", "", "LimitNOFILE=65536\n", []string{`rc_ulimit="-n 65536"`}},
		{"open files without a limit", "", "LimitNOFILE=infinity\n", []string{`rc_ulimit="-n unlimited"`}},
		{"two limits of open files", "", "LimitNOFILE=1024:65536\n",
			[]string{"\tulimit -S -n 1024 || return 1", "\tulimit -H -n 65536 || return 1", "!rc_ulimit"}},
		{"rights of root", "", "User=bosun\nAmbientCapabilities=CAP_KILL\nAmbientCapabilities=CAP_NET_RAW CAP_SYS_TIME\n",
			[]string{`capabilities="^cap_kill,^cap_net_raw,^cap_sys_time"`}},
		{"no rights of root", "", "User=bosun\nAmbientCapabilities=CAP_KILL\nAmbientCapabilities=\n",
			[]string{"!capabilities"}},
		{"other limits", "", "LimitNPROC=infinity\nLimitCORE=0\n", []string{
			"\tulimit -u unlimited 2>/dev/null || ulimit -p unlimited || return 1", "\tulimit -c 0 || return 1",
		}},
		{"a file that must exist", "AssertPathExists=/etc/orders\n", "", []string{`required_files="/etc/orders"`}},
		{"files that must exist", "AssertPathExists=/etc/orders\nConditionPathExists=/etc/map\n", "",
			[]string{`required_files="/etc/orders /etc/map"`}},
		{"a file that must not exist", "ConditionPathExists=/etc/orders\nConditionPathExists=!/etc/map\n", "", []string{
			`required_files="/etc/orders"`,
			"\t[ ! -e \"/etc/map\" ] || { eerror \"bosun does not start where there is /etc/map\"; return 1; }",
		}},
		{"after the network", "After=network-online.target\n", "", []string{"\tneed net", "!after"}},
		{"after services", "After=captain.service purser.service\n", "", []string{"\tafter captain purser", "!need"}},
		{"after, on several lines", "After=captain.service\nAfter=purser.service\n", "", []string{"\tafter captain purser"}},
		{"after targets that OpenRC does not have", "After=time-sync.target\n", "", []string{"!need", "!after"}},
		{"after what only systemd has", "After=systemd-resolved.service\n", "", []string{"!after"}},
		{"before services", "Before=deckhand.service cook.service shutdown.target\n", "", []string{"\tbefore deckhand cook"}},
		{"what it needs", "After=network-online.target\nRequires=captain.service\nBindsTo=mate.service\n", "",
			[]string{"\tneed net captain mate"}},
		{"mounts", "RequiresMountsFor=/var/lib/bosun\nRequires=srv.mount captain.service\n", "",
			[]string{"\tneed localmount captain"}},
		{"what it wants", "Wants=network-online.target captain.service\n", "", []string{"\twant captain", "!need"}},
		{"folders below /run", "", "User=bosun\nRuntimeDirectory=bosun crew\n", []string{
			"\tcheckpath -d -m 0755 -o bosun:bosun \"/run/bosun\"", "\tcheckpath -d -m 0755 -o bosun:bosun \"/run/crew\"",
			`export RUNTIME_DIRECTORY="/run/bosun:/run/crew"`,
		}},
		{"folders of other kinds", "", "User=bosun\nStateDirectory=crew/bosun\nStateDirectoryMode=0700\n", []string{
			"\t[ -d \"/var/lib/crew\" ] || checkpath -d -m 0755 -o root:root \"/var/lib/crew\"",
			"\tcheckpath -d -m 0700 -o bosun:bosun \"/var/lib/crew/bosun\"", `export STATE_DIRECTORY="/var/lib/crew/bosun"`,
		}},
		{"before it starts", "", "ExecStartPre=-/bin/mkdir 'a b'\nExecStartPre=/bin/true\n",
			[]string{"\t/bin/mkdir 'a b' || :", "\t/bin/true || return 1"}},
		{"as its user", "", "User=bosun\nExecStartPre=/bin/true $A\nExecStartPre=+/bin/true\n", []string{
			"\teval \"as_service /bin/true $(words \"${A}\")\" || return 1", "\t/bin/true || return 1",
			"\tsu -s /bin/sh -c 'exec \"$@\"' -- bosun sh \"$@\"",
		}},
		{"until it is ready", "", "ExecStartPost=/usr/bin/bosun muster\n", []string{
			"start_post() {", "\tfor i in $(seq 30); do # until the program is ready", "\t\t/usr/bin/bosun muster && return",
			"\treturn 1",
		}},
		{"ready or not", "", "ExecStartPost=-/usr/bin/bosun muster\n", []string{"\t{ /usr/bin/bosun muster || :; }", "!for"}},
		{"a command to reload", "", again + "ExecReload=/bin/kill -HUP $MAINPID\n", []string{
			`extra_started_commands="reload"`, "reload() {", "\tMAINPID=\"$(service_get_value child_pid)\"",
			"\teval \"/bin/kill -HUP $(words \"${MAINPID}\")\"",
		}},
		{"a command to stop", "", again + "ExecStop=/usr/bin/bosun --bye\nExecStart=/usr/bin/bosun\n",
			[]string{"stop_pre() {", "\t/usr/bin/bosun --bye", "\treturn 0"}},
		{"how it is stopped", "", "KillSignal=SIGINT\nTimeoutStopSec=1min 30\n", []string{`retry="INT/90/KILL/5"`}},
		{"when it starts again", "", again + "RestartSec=1500ms\n", []string{"respawn_delay=2"}},
		{"once", "", "", []string{`command_background="yes"`,
			"\t" + mayLog, `pidfile="/run/${RC_SVCNAME}.pid"`, "stop() {", "!supervisor", "!respawn"}},
		{"no log", "", "StandardOutput=null\n", []string{`output_log="/dev/null"`, "!checkpath"}},
		{"in the background by itself", "", "Type=forking\nPIDFile=/run/bosun.pid\n",
			[]string{`pidfile="/run/bosun.pid"`, "stop() {", "!command_background", "!supervisor", "!output_log"}},
		{"to its end", "", "Type=oneshot\nExecStart=/bin/true a ; /bin/true b\nExecStart=-/bin/true c\n", []string{
			"start() {", "\t/bin/true a &&", "\t\t/bin/true b &&", "\t\t{ /bin/true c || :; }", "\teend $?",
			"!command", "!checkpath",
		}},
		{"only when it stops", "", "Type=oneshot\nRemainAfterExit=yes\nExecStop=/usr/bin/bosun\n",
			[]string{"start() {", "stop() {", "\t/usr/bin/bosun"}},
		{"the last of a value counts", "", "LimitNOFILE=1\nLimitNOFILE=2\n", []string{`rc_ulimit="-n 2"`}},
		{"a comment is no value", "", "# User=root\n", []string{"!command_user"}},
	} {
		made, err := bosunService(c.unit, c.service)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		lines := strings.Split(made["/etc/init.d/bosun"], "\n")
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

// TestShellsReadScripts has shells and shellcheck read scripts of each kind, with all
// that a script can have.
func TestShellsReadScripts(t *testing.T) {
	const all = "ExecStart=/usr/bin/bosun $A\n" +
		"User=bosun\nUMask=0077\nWorkingDirectory=/var/lib/bosun\nExecStartPre=-/bin/true 'a b' $A ${B}\n" +
		"ExecStartPost=/bin/true\nExecReload=/bin/kill -HUP $MAINPID\nExecStop=/bin/true a ; -/bin/true b\n" +
		"ExecStopPost=/bin/true\nRuntimeDirectory=a/b\nLimitNOFILE=1:2\nLimitCORE=0\nEnvironment=\"A=it's\"\n"
	for _, kind := range []string{
		"", "Restart=always\n", "Type=forking\nPIDFile=/run/x\n", "Type=oneshot\nRemainAfterExit=yes\n",
	} {
		for _, unit := range []string{kind, kind + all} {
			made, err := bosunService("After=network-online.target\n", unit)
			if err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{
				{"dash", "-n"}, {"bash", "-n"}, {"shellcheck", "--shell=bash", "--exclude=SC2034,SC2154", "-"},
			} {
				testkit.Need(t, args[0])
				cmd := exec.Command(args[0], args[1:]...)
				cmd.Stdin = strings.NewReader(made["/etc/init.d/bosun"])
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%s: %s: %v\n%s\n%s", unit, args[0], err, out, made["/etc/init.d/bosun"])
				}
			}
		}
	}
}

// TestUnitsThatAreRefused has units that OpenRC has no counterpart of. To add one,
// add a row: its lines, and the error after the path of the unit.
func TestUnitsThatAreRefused(t *testing.T) {
	for _, c := range []struct{ unit, service, want string }{
		{"", "ExecStart=/usr/bin/bosun \"a\n", ":5: ExecStart=: a quote \" has no counterpart"},
		{"", "ExecStart=/usr/bin/bosun %H\n", ":5: ExecStart=: the specifier %H has no value outside systemd: " +
			"write its value, or %% for a percent sign"},
		{"", "ExecStart=/usr/bin/bosun $A/b\n",
			":5: ExecStart=: $A/b: \"A/b\" is not the name of a variable: write $$ for a dollar sign"},
		{"", "ExecStart=@/usr/bin/bosun b\n", ":5: ExecStart=: OpenRC has no counterpart of @/usr/bin/bosun"},
		{"", "ExecStart=\"/usr/bin/the bosun\"\n", ":5: ExecStart=: OpenRC cannot start \"/usr/bin/the bosun\": " +
			"want an absolute path of letters, digits and . _ + @ : , -"},
		{"", "ExecStart=/usr/bin/bosun a\nExecStart=/usr/bin/bosun b\n",
			":6: ExecStart=: only a service of Type=oneshot can have more than one command"},
		{"", "Type=forking\n", ":6: Type=: forking needs a PIDFile=, which OpenRC stops the program by"},
		{"", "Type=simpel\n", ":6: Type=: \"simpel\" is not a type of service"},
		{"", "Type=oneshot\nExecStop=/bin/true\n",
			":6: ExecStop=: a oneshot service is stopped as soon as it has started: set RemainAfterExit=yes"},
		{"", "Restart=on-success\n", ":6: Restart=: OpenRC has no counterpart of on-success for such a service"},
		{"", "Type=oneshot\nRestart=on-failure\n",
			":7: Restart=: OpenRC has no counterpart of on-failure for such a service"},
		{"", "DynamicUser=yes\n", ":6: DynamicUser=: OpenRC has no counterpart"},
		{"", "AmbientCapabilities=~CAP_KILL\n",
			":6: AmbientCapabilities=: OpenRC has no counterpart of ~CAP_KILL: want names such as CAP_NET_BIND_SERVICE"},
		{"", "Type=oneshot\nAmbientCapabilities=CAP_KILL\n",
			":7: AmbientCapabilities=: OpenRC has no counterpart for Type=oneshot"},
		{"", "LimitSTACK=1M\n", ":6: LimitSTACK=: OpenRC has no counterpart"},
		{"", "LimitCORE=1M\n", ":6: LimitCORE=: \"1M\" has no counterpart in all shells: want 0, or infinity"},
		{"", "LimitNOFILE=64K\n", ":6: LimitNOFILE=: \"64K\" is not a limit: want a number, or infinity"},
		{"", "WorkingDirectory=~\n", ":6: WorkingDirectory=: OpenRC has no counterpart of ~"},
		{"", "WorkingDirectory=hold\n", ":6: WorkingDirectory=: \"hold\" is not an absolute path"},
		{"", "RuntimeDirectory=../etc\n", ":6: RuntimeDirectory=: \"../etc\" is not a folder below /run"},
		{"", "EnvironmentFile=/etc/bosun/*.env\n", ":6: EnvironmentFile=: OpenRC reads no pattern of files"},
		{"", "Environment=\"a b\"\n", ":6: Environment=: \"a b\" is not an assignment: want NAME=VALUE"},
		{"", "Environment=IFS=:\n", ":6: Environment=: OpenRC reads a variable IFS itself: want another name"},
		{"", "Environment=A=1 command_args=-v\n",
			":6: Environment=: OpenRC reads a variable command_args itself: want another name"},
		{"", "User=491\n", ":6: User=: OpenRC has no counterpart of a number: want the name of 491"},
		{"", "User=bosun;id\n", ":6: User=: \"bosun;id\" is not a name"},
		{"", "TimeoutStopSec=infinity\n",
			":6: TimeoutStopSec=: \"infinity\" is not a span of time that OpenRC can wait for: want seconds"},
		{"", "TimeoutStopSec=0\n", ":6: TimeoutStopSec=: OpenRC cannot wait without an end: want seconds"},
		{"", "KillSignal=SIGRTMIN+3\n",
			":6: KillSignal=: \"SIGRTMIN+3\" is not a signal that OpenRC knows: want a name such as SIGINT"},
		{"", "StandardError=null\n", ":6: StandardError=: OpenRC has no counterpart of another output for errors"},
		{"", "StandardOutput=tty\n", ":6: StandardOutput=: OpenRC has no counterpart"},
		{"", "User=bosun\nGroup=crew\nExecStartPre=/bin/true\n",
			":7: Group=: a script runs commands with the groups of User=: leave it out, or write + before them"},
		{"ConditionVirtualization=vm\n", "", ":3: ConditionVirtualization=: OpenRC has no counterpart"},
		{"AssertPathExists=|/etc/orders\n", "", ":3: AssertPathExists=: OpenRC has no counterpart of |/etc/orders"},
		{"AssertPathExists=!orders\n", "", ":3: AssertPathExists=: \"orders\" is not an absolute path"},
		{"ConditionFileNotEmpty=!/etc/orders\n", "",
			":3: ConditionFileNotEmpty=: OpenRC has no counterpart of !/etc/orders"},
		{"Conflicts=shutdown.target mate.service\n", "",
			":3: Conflicts=: OpenRC has no counterpart: it stops no service because another one starts"},
		{"Requires=bosun.socket\n", "", ":3: Requires=: bosun.socket has no counterpart in OpenRC"},
		{"Requires=systemd-networkd.service\n", "", ":3: Requires=: systemd-networkd.service has no counterpart in OpenRC"},
		{"Requires\n", "", ":3: \"Requires\" is not an assignment: want KEY=VALUE"},
		{"", "Restart=no\n[Install\n", ":7: the section [Install has no ] at its end"},
	} {
		_, err := bosunService(c.unit, c.service)
		const after = "\nThe ebuilds need an init script for bosun.service. " +
			"Change the unit, or add a script of your own to the package: /etc/init.d/bosun"
		want := "/usr/lib/systemd/system/bosun.service" + c.want + after
		if !strings.Contains(errorText(err)+"\n", want+"\n") {
			t.Errorf("%s%s: error\n%v\nwant\n%s", c.unit, c.service, err, want)
		}
		if _, err := bosunService(c.unit, c.service, text("/etc/init.d/bosun", "#!/sbin/openrc-run\n")); err != nil {
			t.Errorf("%s%s, which has a script of its own: %v", c.unit, c.service, err)
		}
	}
}

func TestConf(t *testing.T) {
	const comment = "# The options of bosun are in /etc/default/bosun, for systemd as well.\n"
	for _, c := range []struct{ name, unit, want string }{
		{"a file that need not exist", "EnvironmentFile=-/etc/default/bosun\nExecStart=/usr/bin/bosun $BOSUN_ARGS\n",
			comment + "set -a\n[ ! -e /etc/default/bosun ] || . /etc/default/bosun\nset +a\n"},
		{"a file that must exist", "EnvironmentFile=/etc/default/bosun\nExecStart=/usr/bin/bosun -v\n",
			comment + "set -a\n. /etc/default/bosun\nset +a\n"},
		{"several files", "EnvironmentFile=-/etc/default/bosun\nEnvironmentFile=/etc/default/crew\n",
			"# The options of bosun are in /etc/default/bosun and /etc/default/crew, for systemd as well.\n" +
				"set -a\n[ ! -e /etc/default/bosun ] || . /etc/default/bosun\n. /etc/default/crew\nset +a\n"},
		{"none", "", "# Variables of the init script of bosun; see openrc-run(8).\n"},
		{"none after all", "EnvironmentFile=/etc/default/bosun\nEnvironmentFile=\n",
			"# Variables of the init script of bosun; see openrc-run(8).\n"},
		{"a path", "Environment=\"PATH=/opt/a b:/bin\"\n", "# Variables of the init script of bosun; see openrc-run(8).\n" +
			"export PATH='/opt/a b:/bin':\"${PATH}\"\n"},
		{"variables", "Environment=\"A=b c\" 'D=$e' F=\nEnvironment=G=%N\n",
			"# Variables of the init script of bosun; see openrc-run(8).\n" +
				"export A='b c'\nexport D='$e'\nexport F=''\nexport G=bosun\n"},
	} {
		made, err := bosunService("", c.unit)
		if got := made["/etc/conf.d/bosun"]; err != nil || got != c.want {
			t.Errorf("%s: conf() = %v\n%s\nwant\n%s", c.name, err, got, c.want)
		}
	}
}

// TestOptionsInAShell has files of options that systemd and the shell do not read
// alike, and such that they do.
func TestOptionsInAShell(t *testing.T) {
	for _, c := range []struct {
		options string
		line    string // of the fault; empty if there is none
	}{
		{"# A comment\n\nA=b\n  C='d $e'\nF=\"g \\\"h\\\" \\$i\"\nJ=\"\"\n", ""},
		{"A=\"b\nc\"\nD=e", ""},
		{"A=\"b \\\n c\"\n", ""},
		{"A=b c\n", ":1:"},
		{"A=b\nC=$HOME\n", ":2:"},
		{"A=\"b\nc\"\nD=\"`id`\"\n", ":3:"},
		{"A=<100Mi\n", ":1:"},
		{"; a comment of systemd\n", ":1:"},
		{"# a comment that goes on \\\nA=b\n", ":1:"},
		{"export A=b\n", ":1:"},
		{"A=b\nPATH=/opt/bin\n", ":2: OpenRC reads a variable PATH itself: want another name"},
		{" command_args=\"-v\"\n", ":1: OpenRC reads a variable command_args itself: want another name"},
		{"# name=x\nNAME=x\n", ""},
		{"A = b\n", ":1:"},
		{"A=\"b\n", ":1:"},
	} {
		_, err := bosunService("", "EnvironmentFile=/etc/default/bosun\n", text("/etc/default/bosun", c.options))
		told := strings.HasPrefix(errorText(err), "/etc/default/bosun"+c.line)
		if (c.line == "" && err != nil) || (c.line != "" && !told) {
			t.Errorf("%q: error %v, want one at line %q", c.options, err, c.line)
		}
	}
}

// TestDropIns has which files of a package change its service.
func TestDropIns(t *testing.T) {
	const dir = "/usr/lib/systemd/system/"
	made, err := services(packaging.Package{Files: []packaging.File{
		text(dir+"cook-2.service", "[Service]\nExecStart=/usr/bin/cook\nUser=a\n"),
		text(dir+"cook-2.service.d/20.conf", "[Service]\nExecStart=\nExecStart=/usr/bin/cook --hot\n"),
		text(dir+"cook-.service.d/10.conf", "[Service]\nUser=cook\n"),
		text(dir+"service.d/30.conf", "[Service]\nRestart=always\n"),
		text(dir+"mate.service.d/40.conf", "[Service]\nUser=mate\n"),
		text(dir+"cook-2.service.d/40.txt", "[Service]\nUser=b\n"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	script := string(made[1].Data)
	for _, want := range []string{`command_args="--hot"`, `command_user="cook:cook"`, `supervisor="supervise-daemon"`} {
		if !strings.Contains(script, want+"\n") {
			t.Errorf("the script has no %s:\n%s", want, script)
		}
	}
}

// TestOnlySystemd has which files of packages the user is told of.
func TestOnlySystemd(t *testing.T) {
	const dir = "/usr/lib/systemd/system/"
	f := Fork{Packages: []packaging.Package{
		{Name: "bosun", Files: []packaging.File{
			text(dir+"bosun.service", ""), text(dir+"bosun.service.d/own.conf", ""), text(dir+"bosun.timer", ""),
			text(dir+"docker.service.d/bosun.conf", ""), {Path: dir + "crew.target.wants/bosun.service", Kind: packaging.Link},
		}},
		{Name: "mate", Files: []packaging.File{text(dir+"bosun.service.d/mate.conf", ""), text("/etc/mate.timer", "")}},
	}}
	want := []string{
		"OpenRC has no counterpart of bosun.timer in package bosun",
		"OpenRC has no counterpart of bosun.service.d/mate.conf in package mate",
	}
	if got := f.onlySystemd(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestServices has which files of a package make scripts.
func TestServices(t *testing.T) {
	unit := "[Unit]\nDescription=x\n[Service]\nExecStart=/usr/bin/x\n"
	for _, c := range []struct {
		path string
		want []string
		err  string
	}{
		{"/usr/lib/systemd/system/bosun.service",
			[]string{"/etc/conf.d/bosun", "/etc/init.d/bosun", "/etc/logrotate.d/bosun"}, ""},
		{"/usr/lib/systemd/system/bosun@north.service",
			[]string{"/etc/conf.d/bosun@north", "/etc/init.d/bosun@north", "/etc/logrotate.d/bosun@north"}, ""},
		{"/usr/lib/systemd/system/bosun.socket", nil, ""},
		{"/usr/lib/systemd/system/bosun.timer", nil, ""},
		{"/usr/lib/systemd/system/bosun.service.d/10-crew.conf", nil, ""},
		{"/usr/lib/systemd/system/crew.d/bosun.service", nil, ""},
		{"/usr/lib/systemd/user/bosun.service", nil, ""},
		{"/usr/share/doc/bosun.service", nil, ""},
		{"/usr/lib/systemd/system/bosun@.service", nil, "a template has no name that an init script could have"},
		{`/usr/lib/systemd/system/bo\x2dsun.service`, nil, `an init script cannot be named bo\x2dsun`},
		{"/usr/lib/systemd/system/bosun.sh.service", nil, "an init script cannot be named bosun.sh"},
	} {
		made, err := services(packaging.Package{Files: []packaging.File{text(c.path, unit)}})
		if !strings.Contains(errorText(err), c.err) || (err != nil) != (c.err != "") {
			t.Errorf("%s: error %v, want %q", c.path, err, c.err)
		}
		var got []string
		for _, f := range made {
			got = append(got, f.Path)
			if script := strings.HasPrefix(f.Path, "/etc/init.d/"); script != (f.Mode == 0o755) {
				t.Errorf("%s has mode %o", f.Path, f.Mode)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s makes %q, want %q", c.path, got, c.want)
		}
	}
	made, err := bosunService("", "Type=oneshot\n")
	want := []string{"/etc/conf.d/bosun", "/etc/init.d/bosun"}
	if got := slices.Sorted(maps.Keys(made)); err != nil || !slices.Equal(got, want) {
		t.Errorf("a oneshot service makes %q, %v", got, err)
	}
}
