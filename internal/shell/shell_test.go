package shell_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/shell"
	"github.com/slipway-build/slipway/internal/testkit"
)

var values = []struct{ value, quoted, inside string }{
	// What needs no quotes stays as it is.
	{"/var/lib/bosun", "/var/lib/bosun", "/var/lib/bosun"},
	{"bosun@deck.service", "bosun@deck.service", "bosun@deck.service"},
	{"c++", "c++", "c++"},
	{"1.5.0+acme.2-3", "1.5.0+acme.2-3", "1.5.0+acme.2-3"},
	{"--root=/a:b,c%d_e", "--root=/a:b,c%d_e", "--root=/a:b,c%d_e"},
	// What a shell would expand, split or end a word at.
	{"", "''", ""},
	{"a b", "'a b'", "a b"},
	{"a\tb\nc", "'a\tb\nc'", "a\tb\nc"},
	{"~", "'~'", "~"},
	{"$HOME", "'$HOME'", `\$HOME`},
	{"$(id)", "'$(id)'", `\$(id)`},
	{"`id`", "'`id`'", "\\`id\\`"},
	{"it's", `'it'\''s'`, "it's"},
	{"'", `''\'''`, "'"},
	{`say "aye"`, `'say "aye"'`, `say \"aye\"`},
	{`dev-disk\x2dby.mount`, `'dev-disk\x2dby.mount'`, `dev-disk\\x2dby.mount`},
	{`\`, `'\'`, `\\`},
	{"*?[a]{b,c}", "'*?[a]{b,c}'", "*?[a]{b,c}"},
	{"a;b&c|d<e>f#g!h(i)", "'a;b&c|d<e>f#g!h(i)'", "a;b&c|d<e>f#g!h(i)"},
	{"Käpt'n", `'Käpt'\''n'`, "Käpt'n"},
	{"&#43;", "'&#43;'", "&#43;"},
}

func TestQuote(t *testing.T) {
	for _, c := range values {
		if got := shell.Quote(c.value); got != c.quoted {
			t.Errorf("Quote(%q) = %s, want %s", c.value, got, c.quoted)
		}
		if got := shell.QuoteInside(c.value); got != c.inside {
			t.Errorf("QuoteInside(%q) = %s, want %s", c.value, got, c.inside)
		}
	}
}

// FuzzQuote has the shell of this machine read values back.
func FuzzQuote(f *testing.F) {
	testkit.Need(f, "sh")
	for _, c := range values {
		f.Add(c.value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if strings.Contains(value, "\x00") {
			t.Skip("an argument cannot hold a NUL byte")
		}
		quoted, inside := shell.Quote(value), shell.QuoteInside(value)
		script := "set -- " + quoted + ` "` + inside + `"` + "\n" + `printf '%s\0' "$#" "$@"`
		out, err := exec.Command("sh", "-c", script).Output()
		if want := "2\x00" + value + "\x00" + value + "\x00"; err != nil || string(out) != want {
			t.Errorf("sh reads %s and \"%s\" as %q, %v, want %q", quoted, inside, out, err, want)
		}
	})
}
