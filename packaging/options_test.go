package packaging

import (
	"reflect"
	"testing"
	"testing/fstest"
)

func TestSetOptions(t *testing.T) {
	for _, c := range []struct {
		name   string
		values map[string]string
		want   string // of /etc/default/cook
		err    string
	}{
		{"nothing", nil, "A=\"1\"\nB=\"2\"\n", ""},
		{"a variable", map[string]string{"B": "3"}, "A=\"1\"\nB=\"3\"\n", ""},
		{"all variables", map[string]string{"B": "3", "A": "4"}, "A=\"4\"\nB=\"3\"\n", ""},
		{"a variable of another file", map[string]string{"C": "5"}, "A=\"1\"\nB=\"2\"\n", ""},
		{"an unknown variable", map[string]string{"D": "6"}, "A=\"1\"\nB=\"2\"\n",
			"packages.options.cook: unknown variable D; the package has A, B, C"},
		{"a variable of a file that has no options", map[string]string{"X": "6"}, "A=\"1\"\nB=\"2\"\n",
			"packages.options.cook: unknown variable X; the package has A, B, C"},
		{"what a shell would read otherwise", map[string]string{"A": "$HOME `id` \"aye\" \\", "B": "a\n*"},
			"A=\"\\$HOME \\`id\\` \\\"aye\\\" \\\\\"\nB=\"a\n*\"\n", ""},
		{"an option with a blank", map[string]string{"B": "--deck='fore and aft'"},
			"A=\"1\"\nB=\"--deck='fore and aft'\"\n", ""},
		{"a quote in what no command splits", map[string]string{"A": "cook's"}, "A=\"cook's\"\nB=\"2\"\n", ""},
		{"a quote in what a command splits",
			map[string]string{"B": "cook's"}, "A=\"1\"\nB=\"2\"\n",
			"packages.options.cook.B: a quote ' has no counterpart: write \\' if it is a part of the word"},
		{"a control character", map[string]string{"B": "\x1b"}, "A=\"1\"\nB=\"2\"\n", "packages.options.cook.B: " +
			`"\x1b" has the control character '\x1b', which a file of variables cannot hold`},
	} {
		files := contents{
			"/etc/default/cook":      {Path: "/etc/default/cook", Data: []byte("A=\"1\"\nB=\"2\"\n")},
			"/etc/default/galley":    {Path: "/etc/default/galley", Data: []byte("C=\"1\"\n")},
			"/etc/cook.conf":         {Path: "/etc/cook.conf", Data: []byte("X=\"1\"\n")},
			"/etc/default/d/another": {Path: "/etc/default/d/another", Data: []byte("X=\"1\"\n")},
			unitDir + "cook.service": {Path: unitDir + "cook.service", Data: []byte(
				"[Service]\nExecStart=/cook --a=$A $C \\\n# and more\n $B\n")},
		}
		fails(t, c.name, files.setOptions("cook", "/etc/default", c.values), c.err)
		if got := string(files["/etc/default/cook"].Data); got != c.want {
			t.Errorf("%s: the file is %q, want %q", c.name, got, c.want)
		}
	}
	fails(t, "a package without options", contents{}.setOptions("cook", "/etc/default", map[string]string{"A": ""}),
		"packages.options.cook: unknown variable A; the package has none")
}

func TestPackageVariables(t *testing.T) {
	cook := assembled(t, ship(t))["cook"]
	want := []Variable{{"COOK_ARGS", "\n--salt\n--rum\n"}, {"COOK_MORE", ""}}
	if got := cook.Variables(Debian()); !reflect.DeepEqual(got, want) {
		t.Errorf("cook's variables are %q, want %q", got, want)
	}
	if got := cook.Variables(Fedora()); got != nil {
		t.Errorf("a package for Debian has variables for Fedora: %q", got)
	}
}

// TestVariablesOfTheUser reads a file of options in the forms that systemd knows.
func TestVariablesOfTheUser(t *testing.T) {
	const text = "# mine\nPLAIN=--salt --rum \nSINGLE='a \"b\"'\nlower=\"c\\$d\"\nNONE=\n"
	p := Package{Files: []File{{Path: "/etc/default/cook", Data: []byte(text)}}}
	want := []Variable{{"PLAIN", "--salt --rum"}, {"SINGLE", `a "b"`}, {"lower", "c$d"}, {"NONE", ""}}
	if got := p.Variables(Debian()); !reflect.DeepEqual(got, want) {
		t.Errorf("the variables are %q, want %q", got, want)
	}
}

func TestCheckOptions(t *testing.T) {
	for _, c := range []struct {
		name  string
		edit  func(*Input)
		value string
		err   string
	}{
		{"a value", func(*Input) {}, "--rum", ""},
		{"an unknown variable", func(in *Input) { in.Settings.Options["cook"]["COOK"] = "" }, "",
			"package cook: packages.options.cook: unknown variable COOK; the package has COOK_ARGS, COOK_MORE"},
		{"a control character", func(*Input) {}, "a\rb",
			`package cook: packages.options.cook.COOK_MORE: "a\rb" has the control character '\r', ` +
				"which a file of variables cannot hold"},
		{"a file of options of the fork's own", func(in *Input) {
			in.User = fstest.MapFS{"cook/etc/default/cook": {Data: []byte("COOK=1\n")}}
			in.Settings.Replace = map[string][]string{"cook": {"/etc/default/cook"}}
		}, "", "package cook: packages.options.cook: unknown variable COOK_MORE; the package has COOK"},
		{"one of the patched tree", func(in *Input) {
			in.Recipes.Packages[1].Files["{{.Options}}/cook"] = "tree:cook.options"
		}, "\r", ""},
	} {
		in := ship(t)
		in.Settings.Options = map[string]map[string]string{"cook": {"COOK_MORE": c.value}}
		c.edit(&in)
		fails(t, c.name, in.Check(), c.err)
	}
}

// TestOptionsOfTheUser sets options in a file that the fork replaces.
func TestOptionsOfTheUser(t *testing.T) {
	in := ship(t)
	in.User = fstest.MapFS{"cook/etc/default/cook": {Data: []byte("COOK='old' # mine\nOTHER=1\n")}}
	in.Settings.Replace = map[string][]string{"cook": {"/etc/default/cook"}}
	in.Settings.Options = map[string]map[string]string{"cook": {"COOK": "new"}}
	file, _ := assembled(t, in)["cook"].lookup("/etc/default/cook")
	if want := "COOK=\"new\"\nOTHER=1\n"; string(file.Data) != want {
		t.Errorf("the file is %q, want %q", file.Data, want)
	}
}
