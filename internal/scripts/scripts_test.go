package scripts_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/scripts"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/packaging"
)

// TestScriptIsReadByTheShell holds that the shell reads each value of a script as
// one word, whatever is in it: also where the rules of packaging refuse it.
func TestScriptIsReadByTheShell(t *testing.T) {
	testkit.Need(t, "sh")
	const text = `printf '%s\n'{{range .Units}} {{.}}{{end}}{{range .State}} "${NONE:-}"{{.}}{{end}}` +
		`{{range .Retired}} {{.}}.bak{{end}}`
	for _, value := range []string{
		"plain", "c++", "a b", "$HOME", "${HOME}", "$(id)", "`id`", "it's", `"aye"`, `a\x2db`, `\`, `\\`, `$\"`, "*", "~",
		"a;id", "a&b", "#a", "!a", "a=b", "&#43;", "<a>", "{{.}}",
	} {
		p := packaging.Package{
			Files:   []packaging.File{{Path: "/usr/lib/systemd/system/" + value, Data: []byte("[Install]")}},
			State:   []string{"/var/lib/" + value},
			Retired: []string{"/etc/" + value},
		}
		script, err := scripts.Fill(p, "post", text)
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("sh", "-euc", script).CombinedOutput()
		want := value + "\n/var/lib/" + value + "\n/etc/" + value + ".bak\n"
		if err != nil || string(out) != want {
			t.Errorf("sh reads %s as %q, %v, want %q", script, out, err, want)
		}
	}
}

func TestScript(t *testing.T) {
	p := packaging.Package{Name: "bosun", State: []string{"/var/lib/c++", "/var/lib/a b"}}
	for _, c := range []struct{ text, want, err string }{
		{"", "", ""},
		{"{{range .Units}}{{.}}{{end}}\n", "", ""},
		{"\n{{range .State}}{{.}}\n{{end}}\n", "/var/lib/c++\n'/var/lib/a b'", ""},
		{"[ 1 -gt 0 ] && echo \"<$1>\" >/dev/null 2>&1\n", "[ 1 -gt 0 ] && echo \"<$1>\" >/dev/null 2>&1", ""},
		{"{{.Nothing}}", "", "post of package bosun: "},
		{"{{", "", "template of post: "},
	} {
		got, err := scripts.Fill(p, "post", c.text)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.HasPrefix(err.Error(), c.err) {
			t.Errorf("Script(%q) = %q, %v, want %q, %s", c.text, got, err, c.want, c.err)
		}
	}
}
