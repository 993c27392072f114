package packaging

import (
	osexec "os/exec"
	"reflect"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

func TestVariables(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []Variable
	}{
		{"none", "", nil},
		{"comments alone", "# COOK_ARGS=\"--salt\"\n", nil},
		{"one", "COOK_ARGS=\"--salt\"\n", []Variable{{"COOK_ARGS", "--salt"}}},
		{"an empty one", "COOK_ARGS=\"\"\n", []Variable{{"COOK_ARGS", ""}}},
		{"several, in their order", "B=\"2\"\n# and\nA=\"1\"\n", []Variable{{"B", "2"}, {"A", "1"}}},
		{"several lines", "COOK_ARGS=\"\n--salt\n--rum\n\"\n", []Variable{{"COOK_ARGS", "\n--salt\n--rum\n"}}},
		{"quotes and backslashes", `A="say \"aye\" \\ twice"` + "\n", []Variable{{"A", `say "aye" \ twice`}}},
		{"without quotes", "A=1\nB='2'\n", nil},
		{"lower case", "args=\"1\"\n", nil},
		{"without an end of line", `A="1"`, []Variable{{"A", "1"}}},
		{"something behind it", "A=\"1\" # one\nB=\"2\"\n", []Variable{{"B", "2"}}},
	} {
		if got := variables([]byte(c.text)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestAssign also reads back what it wrote.
func TestAssign(t *testing.T) {
	const text = "# {\nCOOK_ARGS=\"\n--salt\n\"\nCOOK_MORE=\"x\"\n"
	for _, c := range []struct{ name, value, want string }{
		{"COOK_MORE", "y z", "# {\nCOOK_ARGS=\"\n--salt\n\"\nCOOK_MORE=\"y z\"\n"},
		{"COOK_ARGS", "", "# {\nCOOK_ARGS=\"\"\nCOOK_MORE=\"x\"\n"},
		{"COOK_ARGS", "--a\n--b", "# {\nCOOK_ARGS=\"--a\n--b\"\nCOOK_MORE=\"x\"\n"},
		{"COOK_MORE", `say "aye" \`, "# {\nCOOK_ARGS=\"\n--salt\n\"\nCOOK_MORE=\"say \\\"aye\\\" \\\\\"\n"},
		{"COOK_MORE", "$1 ${0}", "# {\nCOOK_ARGS=\"\n--salt\n\"\nCOOK_MORE=\"\\$1 \\${0}\"\n"},
	} {
		got := assign([]byte(text), c.name, c.value)
		if string(got) != c.want {
			t.Errorf("%s=%q makes it %q, want %q", c.name, c.value, got, c.want)
		}
		for _, v := range variables(got) {
			if v.Name == c.name && v.Value != c.value {
				t.Errorf("%s=%q is read back as %q", c.name, c.value, v.Value)
			}
		}
	}
}

// TestAssignIsReadByTheShell holds that a shell that reads a file of options, as init
// scripts have one do, sets the variable to what systemd sets it to.
func TestAssignIsReadByTheShell(t *testing.T) {
	testkit.Need(t, "sh")
	for _, value := range []string{
		"--salt", "$HOME ${HOME} $(id) `id`", `it's "so"`,
		`C:\new\`, `\$x \" \\`, "--a\n--b\n", "%h %%", "a;b&c|d #e", "käse", "",
	} {
		text := string(assign([]byte("COOK_ARGS=\"\"\n"), "COOK_ARGS", value))
		out, err := osexec.Command("sh", "-ec", text+`printf '%s.' "$COOK_ARGS"`).CombinedOutput()
		if err != nil || string(out) != value+"." {
			t.Errorf("sh reads %q of %s(%v), want %q", out, text, err, value)
		}
		if got := variables([]byte(text)); len(got) != 1 || got[0].Value != value {
			t.Errorf("%s is read back as %q, want %q", text, got, value)
		}
	}
}

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
	} {
		files := contents{
			"/etc/default/cook":      {Path: "/etc/default/cook", Data: []byte("A=\"1\"\nB=\"2\"\n")},
			"/etc/default/galley":    {Path: "/etc/default/galley", Data: []byte("C=\"1\"\n")},
			"/etc/cook.conf":         {Path: "/etc/cook.conf", Data: []byte("X=\"1\"\n")},
			"/etc/default/d/another": {Path: "/etc/default/d/another", Data: []byte("X=\"1\"\n")},
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
