package ebuilds

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/slipway-build/slipway/internal/testkit"
)

// argvs are command lines of units, and what a program gets. To add one, add a row:
// what is after the program in ExecStart, the lines of its EnvironmentFile or those
// that begin with Environment=, and the arguments. Both the init script and systemd
// are asked.
var argvs = []struct {
	line, options string
	want          []string
}{
	{"", "", nil},
	{"--loud --port=80", "", []string{"--loud", "--port=80"}},
	{"\\\n  --north \\\n# a comment\n  ; another\n  --bell \\\n", "", []string{"--north", "--bell"}},
	{"a\\\nb", "", []string{"a", "b"}},
	{"a\\\\\n", "", []string{`a\`}},
	{"'a b' \"c d\" e' f 'g", "", []string{"a b", "c d", "e f g"}},
	{`'' ""`, "", []string{"", ""}},
	{`a\x20b \u00e9\t\101\s\\ 'it\'s' "say \"aye\""`, "", []string{"a b", "é\tA \\", "it's", `say "aye"`}},
	{`a\.b \w+\d \x00 \400`, "", []string{`a\.b`, `\w+\d`, `\x00`, `\400`}},
	{`a\ b c`, "", []string{`a\ b`, "c"}},
	{`\;`, "", []string{";"}},
	{`a;b ";"`, "", []string{"a;b", ";"}},
	{"*.go [a-z] ~ {a,b} ? !x", "", []string{"*.go", "[a-z]", "~", "{a,b}", "?", "!x"}},
	{"`id` $$(id) <100Mi >x | & (a) #b", "", []string{"`id`", "$(id)", "<100Mi", ">x", "|", "&", "(a)", "#b"}},
	{"100%% %n %p %t/x", "", []string{"100%", "UNIT.service", "UNIT", "/run/x"}},
	{"--memory.available<100Mi,nodefs.available<10%%", "", []string{"--memory.available<100Mi,nodefs.available<10%"}},
	{"$$A a$A ${A", "A=b", []string{"$A", "a$A", "${A"}},
	{"--x=${A}y ${A} '${A}'", "A='b  c'", []string{"--x=b  cy", "b  c", "b  c"}},
	{"${A}", "", []string{""}},
	{"$A", "", nil},
	{"$A end", "A=", []string{"end"}},
	{"$A end", "A='  b  c  '", []string{"b", "c", "end"}},
	{"$A", `A="--x='b  c' \"d e\"f g"`, []string{"--x=b  c", "d ef", "g"}},
	{"$A", `A="--glob=*.go ~ <100Mi ; | & # \$HOME \` + "`id\\`" + ` (x)"`,
		[]string{"--glob=*.go", "~", "<100Mi", ";", "|", "&", "#", "$HOME", "`id`", "(x)"}},
	{"$A", `A='a\\b \"c\" "d\"e" \x'`, []string{`a\b`, `"c"`, `d"e`, "x"}},
	{"$A", "A=\"--x \\\n  --y\n\t--z\"", []string{"--x", "--y", "--z"}},
	{"$A", `A="it's open"`, []string{"its open"}},
	{"$A", `A='"" b'`, []string{"", "b"}},
	{"$A", `A="ä ö"`, []string{"ä", "ö"}},
	{"${A} $B ${C}", "Environment=\"A=b  c\" 'B=d \\\"e f\\\"'\nEnvironment=C=$A\\x20%%n%N",
		[]string{"b  c", "d", "e f", "$A %nUNIT"}},
	{"${A} $B ${C}", "Environment=A=1 B=2\nEnvironment=\nEnvironment=C=3\\\\", []string{"", `3\`}},
	{"${A} $B", "A=%n\nB='$A ${A}'", []string{"%n", "$A", "${A}"}},
}

// argvUnit returns the unit of a case, whose program is at a path.
func argvUnit(program, line, options string, environment ...string) string {
	return "[Unit]\nDescription=x\nDefaultDependencies=no\n[Service]\nType=oneshot\nRestart=no\nEnvironmentFile=-" +
		options + "\nExecStart=" + program + " " + line + "\n" + strings.Join(environment, "")
}

// environment splits the options of a case: the lines of a unit, and those of a file.
func environment(options string) (unit, file string) {
	if strings.HasPrefix(options, "Environment=") {
		return options + "\n", ""
	}
	return "", options + "\n"
}

// shells read init scripts: OpenRC runs them with the one that is sh.
var shells = []string{"dash", "bash"}

// given returns what a program gets under an init script of one command.
func given(t *testing.T, sh, unit, name string) ([]string, error) {
	t.Helper()
	made, err := scriptsOf(name, strings.Replace(unit, "Type=oneshot\n", "", 1))
	if err != nil {
		return nil, err
	}
	dir := t.TempDir()
	for file, data := range map[string]string{"conf": made["/etc/conf.d/"+name], "script": made["/etc/init.d/"+name]} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// As openrc-run and start-stop-daemon.sh do.
	const script = `. ./conf && . ./script && eval "set -- $command_args" && [ $# = 0 ] || printf '%s\0' "$@"`
	cmd := exec.Command(sh, "-c", script)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return split(string(out)), err
}

func split(out string) []string {
	if out == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(out, "\x00"), "\x00")
}

func TestArgv(t *testing.T) {
	options := filepath.Join(t.TempDir(), "options")
	for _, sh := range shells {
		t.Run(sh, func(t *testing.T) {
			testkit.Need(t, sh)
			for i, c := range argvs {
				variables, file := environment(c.options)
				if err := os.WriteFile(options, []byte(file), 0o644); err != nil {
					t.Fatal(err)
				}
				name := fmt.Sprintf("argv%d", i)
				got, err := given(t, sh, argvUnit("/usr/bin/x", c.line, options, variables), name)
				if want := named(c.want, name); err != nil || !slices.Equal(got, want) {
					t.Errorf("ExecStart=/usr/bin/x %s\nwith %s gives\n%q, %v, want\n%q", c.line, c.options, got, err, want)
				}
			}
		})
	}
}

// named replaces the name of the unit that is not known in a table.
func named(argv []string, name string) []string {
	var out []string
	for _, arg := range argv {
		out = append(out, strings.ReplaceAll(arg, "UNIT", name))
	}
	return out
}

// TestArgvOfSystemd has systemd run the units of argvs, in a container of this
// machine's own programs.
func TestArgvOfSystemd(t *testing.T) {
	testkit.Need(t, "systemd-nspawn")
	if os.Getuid() != 0 {
		t.Skip("boots systemd in a container, for which it has to be root")
	}
	dir := t.TempDir()
	write := func(name, data string, mode os.FileMode) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(data), mode); err != nil {
			t.Fatal(err)
		}
	}
	const program = "#!/bin/sh\n[ $# = 0 ] || printf '%s\\0' \"$@\" >/argv/out/${0##*/}\n"
	after := ""
	for i, c := range argvs {
		name := fmt.Sprintf("argv%d", i)
		write("bin/"+name, program, 0o755)
		variables, file := environment(c.options)
		write("options/"+name, file, 0o644)
		write("units/"+name+".service", argvUnit("/argv/bin/"+name, c.line, "/argv/options/"+name, variables), 0o644)
		after += " " + name + ".service"
	}
	write("out/.keep", "", 0o644)
	write("units/end.service", "[Unit]\nDefaultDependencies=no\nWants="+after+"\nAfter="+after+
		"\nSuccessAction=exit-force\n[Service]\nType=oneshot\nExecStart=/bin/true\n", 0o644)
	out, err := exec.Command("timeout", "120", "systemd-nspawn", "--quiet", "--directory=/", "--volatile=yes",
		"--register=no", "--keep-unit", "--bind="+dir+":/argv", "--bind-ro="+dir+"/units:/run/systemd/system",
		"--boot", "systemd.unit=end.service").CombinedOutput()
	if err != nil {
		t.Fatalf("systemd does not boot: %v\n%s", err, out)
	}
	for i, c := range argvs {
		name := fmt.Sprintf("argv%d", i)
		got, err := os.ReadFile(filepath.Join(dir, "out", name))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if want := named(c.want, name); !slices.Equal(split(string(got)), want) {
			t.Errorf("ExecStart=%s\nwith %s gives under systemd\n%q, want\n%q", c.line, c.options, split(string(got)), want)
		}
	}
}

// FuzzArgv gives a program any text as an argument, and as a variable's value.
func FuzzArgv(f *testing.F) {
	testkit.Need(f, "dash")
	for _, c := range argvs {
		f.Add(c.line + c.options)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if !utf8.ValidString(value) || strings.Contains(value, "\x00") {
			t.Skip("a unit is text")
		}
		escaped := ""
		for _, b := range []byte(value) {
			escaped += fmt.Sprintf(`\x%02x`, b)
		}
		escaped = strings.NewReplacer(`\x24`, "$$", `\x25`, "%%").Replace(escaped)
		in := strings.ReplaceAll(escaped, "$$", `\x24`)
		unit := argvUnit("/usr/bin/x", `"`+escaped+`" a${A}b`, "/nonexistent") + "Environment=\"A=" + in + "\"\n"
		got, err := given(t, "dash", unit, "x")
		if want := []string{value, "a" + value + "b"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("the program gets %q, %v, want %q", got, err, want)
		}
	})
}
