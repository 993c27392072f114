package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/slipway-build/slipway/internal/envfile"
)

// merges are flags, changes of them, and what is left of both, or what is wrong with the
// changes: in fork.yaml, and on a host, where it is in a file and has a line.
var merges = []struct {
	name, defaults, changes string
	want, err               string
}{
	{"nothing", "--a=1", "", "--a=1", ""},
	{"no defaults", "", "--a=1", "--a=1", ""},
	{"a flag more", "--a=1", "--b=2", "--a=1|--b=2", ""},
	{"another value", "--a=1 --b=2", "--a=3", "--b=2|--a=3", ""},
	{"lines", "\n--a=1\n--b=2\n", "\n--b=3\n--c\n", "--a=1|--b=3|--c", ""},
	{"a flag less", "--a=1 --b=2", "!--a", "--b=2", ""},
	{"one that is not there", "--a=1", "!--b", "--a=1", ""},
	{"one less that has another value", "--a=1", "!--a --a=2", "--a=2", ""},
	{"repeated flags are replaced together", "--a=1 --b --a=2", "--a=3 --a=4", "--b|--a=3|--a=4", ""},
	{"repeated flags are removed together", "--a=1 --b --a=2", "!--a", "--b", ""},
	{"names that begin alike", "--a=1 --ab=2", "--a=3", "--ab=2|--a=3", ""},
	{"one dash and two", "-v=1 --log=2", "--v=4 -log=3", "--v=4|-log=3", ""},
	{"underlines", "--etcd-servers=a", "--etcd_servers=b", "--etcd_servers=b", ""},
	{"a value in the next word", "-v 1 --a", "--v 4", "--a|--v 4", ""},
	{"a value that is empty", "--a=1", "--a=", "--a=", ""},
	{"a value with a dash", "--a=1", "--a=-1", "--a=-1", ""},
	{"quotes", "--a='x y' \"--b=z\"", `--c="p q" --d=m"n"'o'`, `--a='x y'|"--b=z"|--c="p q"|--d=m"n"'o'`, ""},
	{"a name in quotes", "--a=1", `"--a=x y"`, `"--a=x y"`, ""},
	{"backslashes", `--a=b\ c`, `--d=e\\`, `--a=b\ c|--d=e\\`, ""},
	{"what a shell would read", "--a=$HOME", "--b=`id` --c=$(id) --d=*", "--a=$HOME|--b=`id`|--c=$(id)|--d=*", ""},
	{"an equals sign in the value", "--a=b=c", "--a=d=e", "--a=d=e", ""},
	{"no flag", "--a=1", "--b=2 c", "", "c is not a flag: write --FLAG=VALUE, and quotes around a VALUE with blanks"},
	{"no flag at all", "--a=1", "c", "", "c is not a flag: write --FLAG=VALUE, and quotes around a VALUE with blanks"},
	{"two dashes", "", "--", "", "-- is not a flag: write --FLAG=VALUE, and quotes around a VALUE with blanks"},
	{"a removal with a value", "--a=1", "!--a=1", "", "!--a=1 removes no flag: write !--FLAG, without a value"},
	{"a removal of nothing", "--a=1", "!", "", "! removes no flag: write !--FLAG, without a value"},
	{"a removal without dashes", "--a=1", "!a", "", "!a removes no flag: write !--FLAG, without a value"},
}

func TestMergeFlags(t *testing.T) {
	for _, c := range merges {
		got, err := mergeFlags(c.defaults, c.changes)
		fails(t, c.name, err, c.err)
		if got = strings.ReplaceAll(strings.TrimSpace(got), "\n", "|"); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	for value, want := range map[string]string{
		"--a='b": `a quote ' has no counterpart: write \' if it is a part of the word`,
		`--a\`:   "it ends with a backslash: write two for one",
	} {
		_, err := mergeFlags("", value)
		fails(t, value, err, want)
	}
}

// merged runs the program that merges options on a host. It returns its result, and what it says.
func merged(t *testing.T, defaults, changes string) (result, said string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"defaults": defaults, "changes": changes} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	script, err := filepath.Abs("options.sh")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", script, "defaults", "changes", "run/result")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	data, missing := os.ReadFile(filepath.Join(dir, "run", "result"))
	if (err != nil) != (missing != nil) || err != nil && cmd.ProcessState.ExitCode() != 78 {
		t.Errorf("it ends with %v, and leaves %q", err, data)
	}
	return string(data), string(out)
}

// TestOptionsAreMergedOnAHost has the program do what mergeFlags does.
func TestOptionsAreMergedOnAHost(t *testing.T) {
	for _, c := range merges {
		file := func(value string) string {
			return string(envfile.Set([]byte("# Options.\nCOOK_ARGS=\nCOOK=\"x\"\n"), "COOK_ARGS", value))
		}
		result, said := merged(t, file(c.defaults), file(c.changes))
		if told := strings.TrimSuffix(strings.TrimPrefix(said, "changes:2: "), "\n"); told != c.err {
			t.Errorf("%s: it says %s, want %s", c.name, said, c.err)
		}
		variables := envfile.Parse([]byte(result))
		if c.err != "" {
			continue
		}
		if len(variables) != 1 || variables[0].Name != "COOK_ARGS" {
			t.Fatalf("%s: the result has %v", c.name, variables)
		}
		if got := strings.ReplaceAll(strings.TrimSpace(variables[0].Value), "\n", "|"); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestOptionsFilesOnAHost has what files of options can look like.
func TestOptionsFilesOnAHost(t *testing.T) {
	const defaults = "# Arguments.\nCOOK_ARGS=\"\n--salt=1\n--rum\n\"\nCOOK_MORE_ARGS=\"\"\nCOOK_PIPE=tin\n"
	for _, c := range []struct{ name, changes, want, said string }{
		{"empty", "", "", ""},
		{"comments", "# COOK_ARGS=--x \\\n more\n; COOK_ARGS=--y\n", "", ""},
		{"another variable", "COOK_PIPE=silver\nGOGC=50\n", "", ""},
		{"no quotes", "COOK_ARGS=--salt=2 --a='b c' \n", "COOK_ARGS=\"\n--rum\n--salt=2\n--a='b c'\n\"\n", ""},
		{"single quotes", "COOK_ARGS='--a=\"b\"'\n", "COOK_ARGS=\"\n--salt=1\n--rum\n--a=\\\"b\\\"\n\"\n", ""},
		{"a continued line", "COOK_ARGS=--a=1 \\\n--salt=3\n", "COOK_ARGS=\"\n--rum\n--a=1\n--salt=3\n\"\n", ""},
		{"blanks around", "  COOK_ARGS = \"--salt=4\" \r\n", "COOK_ARGS=\"\n--rum\n--salt=4\n\"\n", ""},
		{"the last counts", "COOK_ARGS=--salt=5\nCOOK_ARGS=--salt=6\n", "COOK_ARGS=\"\n--rum\n--salt=6\n\"\n", ""},
		{"no end of the line", "COOK_ARGS=--salt=7", "COOK_ARGS=\"\n--rum\n--salt=7\n\"\n", ""},
		{"dollar signs", "COOK_ARGS=\"--a=\\$B\"\n", "COOK_ARGS=\"\n--salt=1\n--rum\n--a=\\$B\n\"\n", ""},
		{"two variables", "COOK_MORE_ARGS=--b\nCOOK_ARGS=!--rum\n",
			"COOK_ARGS=\"\n--salt=1\n\"\nCOOK_MORE_ARGS=\"\n--b\n\"\n", ""},
		{"a flag by itself", "# mine\n--salt=2\n", "", "changes:2: \"--salt=2\" sets no variable: write NAME=\"VALUE\"\n"},
		{"export", "export COOK_ARGS=--a\n", "",
			"changes:1: \"export COOK_ARGS=--a\" sets no variable: write NAME=\"VALUE\"\n"},
		{"an open quote", "\nCOOK_ARGS=\"--a\n--b\n", "",
			"changes:2: the quote \" has no counterpart: write one at the end of the value\n"},
		{"an open quote in the value", "COOK_ARGS=\"\n--a\n--b='c\n\"\n", "",
			"changes:3: the quote ' has no counterpart: write \\' if it is a part of the value\n"},
		{"no flag", "COOK_ARGS=\"\n--a\n--b=c, d\n\"\n", "",
			"changes:3: d is not a flag: write --FLAG=VALUE, and quotes around a VALUE with blanks\n"},
	} {
		result, said := merged(t, defaults, c.changes)
		if result != c.want || said != c.said {
			t.Errorf("%s: it says %q, and the result is %q; want %q and %q", c.name, said, result, c.said, c.want)
		}
	}
}

// layeredShip is ship with the cook's options in layers.
func layeredShip(t *testing.T) Input {
	in := ship(t)
	sources := in.Sources.(fstest.MapFS)
	sources["former"] = &fstest.MapFile{Data: []byte("COOK_ARGS=\"--salt --former\"\nCOOK_MORE=\"\"\n")}
	sources["cook.service"] = &fstest.MapFile{Data: []byte("[Service]\n" +
		"{{if .Layers}}ExecStartPre=+/usr/libexec/ship/cook-options\n{{end}}ExecStart=/usr/bin/cook $COOK_ARGS $COOK_MORE\n")}
	cook := &in.Recipes.Packages[1]
	delete(cook.Files, "{{.Options}}/cook")
	cook.Files["/usr/lib/ship/cook.options"] = "cook.options"
	cook.Files["/usr/libexec/ship/cook-options"] = optionsTool
	cook.Former = map[string]string{"/usr/lib/ship/cook.options": "former"}
	return in
}

func TestLayers(t *testing.T) {
	in := layeredShip(t)
	in.Settings.Options = map[string]map[string]string{"cook": {"COOK_ARGS": "!--salt --pepper", "COOK_MORE": "x"}}
	cook := assembled(t, in)["cook"]
	if f, _ := cook.lookup("/usr/lib/ship/cook.options"); f.Kind != Regular ||
		string(f.Data) != "# 1.4.1+acme.2\nCOOK_ARGS=\"\n--rum\n--pepper\n\"\nCOOK_MORE=\"x\"\n" {
		t.Errorf("the defaults are a %v, %q", f.Kind, f.Data)
	}
	if f, _ := cook.lookup("/usr/libexec/ship/cook-options"); f.Mode != 0o755 {
		t.Errorf("the program that merges has mode %o", f.Mode)
	}
	if _, ok := cook.lookup("/etc/default/cook"); ok {
		t.Error("the package has the operator's file")
	}
	want := Layer{"/etc/default/cook", "/usr/lib/ship/cook.options", "/usr/libexec/ship/cook-options",
		"COOK_ARGS=\"\n--former\n--pepper\n\"\nCOOK_MORE=\"x\"\n"}
	if len(cook.Layers) != 1 || cook.Layers[0] != want {
		t.Errorf("the layers are %q, want %q", cook.Layers, want)
	}
}

// TestLayersOfTheFork has changes among the fork's own files.
func TestLayersOfTheFork(t *testing.T) {
	in := layeredShip(t)
	in.User = fstest.MapFS{"cook/etc/default/cook": {Data: []byte("COOK_ARGS='!--rum --tea'\nGOGC=50\n")}}
	in.Settings.Options = map[string]map[string]string{"cook": {"COOK_ARGS": "--pepper"}}
	cook := assembled(t, in)["cook"]
	const changes = "COOK_ARGS='!--rum --tea'\nGOGC=50\n"
	if f, _ := cook.lookup("/etc/default/cook"); f.Kind != Config || string(f.Data) != changes {
		t.Errorf("the changes are a %v, %q", f.Kind, f.Data)
	}
	got := cook.Variables(Debian())
	want := []Variable{{"COOK_ARGS", "\n--salt\n--pepper\n--tea\n"}, {"COOK_MORE", ""}, {"GOGC", "50"}}
	if len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("the variables are %q, want %q", got, want)
	}
	in.User = fstest.MapFS{"cook/etc/default/cook": {Data: []byte("COOK_ARGS=tea\n")}}
	recipes, err := in.Select([]string{"cook"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = in.Assemble(recipes, nil)
	fails(t, "what is no flag", err, "package cook: /etc/default/cook: COOK_ARGS: tea is not a flag: "+
		"write --FLAG=VALUE, and quotes around a VALUE with blanks")
}

// TestNoLayers has the same package where a service's options are one file.
func TestNoLayers(t *testing.T) {
	in := layeredShip(t)
	in.Family = Gentoo()
	in.Settings.Options = map[string]map[string]string{"cook": {"COOK_ARGS": "--pepper"}}
	in.User = fstest.MapFS{"cook/etc/default/cook": {Data: []byte("COOK_ARGS='!--rum'\n")}}
	cook := assembled(t, in)["cook"]
	if f, _ := cook.lookup("/etc/default/cook"); f.Kind != Config ||
		string(f.Data) != "# 1.4.1+acme.2\nCOOK_ARGS=\"\n--salt\n--pepper\n\"\nCOOK_MORE=\"\"\n" {
		t.Errorf("the options are a %v, %q", f.Kind, f.Data)
	}
	for _, at := range []string{"/usr/libexec/ship/cook-options", "/usr/lib/ship/cook.options"} {
		if _, ok := cook.lookup(at); ok {
			t.Errorf("it has %s", at)
		}
	}
	if len(cook.Layers) > 0 {
		t.Errorf("it has layers: %q", cook.Layers)
	}
	in = layeredShip(t)
	in.Family = Gentoo()
	in.User = fstest.MapFS{"cook/usr/lib/ship/cook.options": {Data: []byte("COOK_ARGS=--tea\n")}}
	in.Settings.Replace = map[string][]string{"cook": {"/usr/lib/ship/cook.options"}}
	if f, _ := assembled(t, in)["cook"].lookup("/etc/default/cook"); string(f.Data) != "COOK_ARGS=--tea\n" {
		t.Errorf("the options that the fork replaces are %q", f.Data)
	}
}

// TestLayersAreChecked has what an upgrade could not take over.
func TestLayersAreChecked(t *testing.T) {
	in := layeredShip(t)
	delete(in.Recipes.Packages[1].Files, "/usr/libexec/ship/cook-options")
	in.Sources.(fstest.MapFS)["cook.service"].Data = []byte("[Service]\nExecStart=/usr/bin/cook\n")
	recipes, err := in.Select([]string{"cook"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = in.Assemble(recipes, nil)
	fails(t, "no program", err, "package cook: former: /usr/lib/ship/cook.options needs /usr/libexec/ship/cook-options: "+
		"slipway:options")
}
