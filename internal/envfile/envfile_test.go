package envfile_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/slipway-build/slipway/internal/envfile"
	"github.com/slipway-build/slipway/internal/testkit"
)

// values are values of one variable, whose name systemd is asked for.
var values = []string{
	"", "--salt", "--a b", " b ", "a\nb\tc", "$HOME ${HOME} $(id)", "`id`", "it's", `say "aye"`, `a\b`, `\`, `\\`, `\"$`,
	"*?[a]{b,c}~", "a;b&c|d<e>f#g!h(i)", "# no comment", "%n %%", "Käpt'n", "--a='x y' --b=\"p q\"", "a=b",
	"\n--salt\n--rum\n", `C:\new\table`, `\$HOME`, "'", `"`,
}

func FuzzSet(f *testing.F) {
	testkit.Need(f, "systemd-tmpfiles")
	testkit.Need(f, "sh")
	for _, v := range values {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if envfile.CheckValue(value) != nil {
			t.Skip("no file can hold it")
		}
		data := envfile.Set([]byte("# of the deck\nA=1\nVERSION_ID=old\nB=2\n"), "VERSION_ID", value)
		if got := last(data); got != value {
			t.Errorf("%q: Parse reads %q as %q", value, data, got)
		}
		if got, err := systemdReads(t, data); target(value) && got != value {
			t.Errorf("%q: systemd reads %q as %q, %v", value, data, got, err)
		}
		out, err := exec.Command("sh", "-c", string(data)+`printf '%s' "$A$VERSION_ID$B"`).Output()
		if want := "1" + value + "2"; err != nil || string(out) != want {
			t.Errorf("%q: sh reads %q as %q, %v", value, data, out, err)
		}
	})
}

// FuzzParse has systemd read files, too.
func FuzzParse(f *testing.F) {
	testkit.Need(f, "systemd-tmpfiles")
	for _, text := range []string{
		"VERSION_ID=a", "VERSION_ID=\"a\"\n", "VERSION_ID='a \"b\"'\n", " VERSION_ID = a b  \n", "VERSION_ID=a # b\n",
		"VERSION_ID=\"a\" # b\n", "VERSION_ID=\"a\"'b'c\"d\"\n", "VERSION_ID=x\"y z\"'w' \\q\n", "VERSION_ID=a\\\nb\n",
		"VERSION_ID=\"a\\\nb\\c\\$d\\`e\\\"f\\\\\"\n", "VERSION_ID='a\\b\\'\n", "VERSION_ID=\"a\nb\n\"\n", "VERSION_ID=\"a",
		"VERSION_ID='a", "VERSION_ID=a\\", "; VERSION_ID=a\nVERSION_ID=b\n", "# c \\\nVERSION_ID=a\nVERSION_ID=b\n",
		"export VERSION_ID=a\n", "VERSION_ID\nVERSION_ID=b", "VERSION_ID=a\nVERSION_ID=b\n", "VERSION_ID=a\r\nX=b\r\n",
		"VERSION_ID=a\\ \n", "VERSION_ID=  \\ a\n", "=\nVERSION_ID=a\n", "VERSION_ID=\n", "A='\nVERSION_ID=a\n'\nB=1",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		backslash := strings.Contains(text, `\`+"\r") || strings.HasSuffix(text, `\`)
		if backslash || strings.ContainsRune(text, 0) || !utf8.ValidString(text) {
			t.Skip("versions of systemd differ on it")
		}
		got := last([]byte(text))
		if want, err := systemdReads(t, []byte(text)); got != want && (want != "" || target(got)) {
			t.Errorf("%q: VERSION_ID is %q, and for systemd %q, %v", text, got, want, err)
		}
	})
}

// last returns the value of VERSION_ID that counts.
func last(data []byte) string {
	out := ""
	for _, v := range envfile.Parse(data) {
		if v.Name == "VERSION_ID" {
			out = v.Value
		}
	}
	return out
}

// target reports whether a value can be a link's target.
func target(value string) bool { return value != "" && len(value) < 1000 }

// systemdReads returns what systemd reads of the variable VERSION_ID, if it can be a
// link's target. It reads /etc/os-release by the rules of EnvironmentFile=, and
// systemd-tmpfiles can make a link of it.
func systemdReads(t *testing.T, data []byte) (string, error) {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"etc/os-release": string(data), "usr/lib/tmpfiles.d/x.conf": "L+ /out - - - - %w\n",
	} {
		at := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("systemd-tmpfiles", "--root="+root, "--create", "x.conf")
	cmd.Env = []string{"PATH=" + testkit.Path()}
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("systemd-tmpfiles: %w\n%s", err, out)
	}
	return os.Readlink(filepath.Join(root, "out"))
}

// TestWords holds what a unit's command was given for $NAME by systemd 252.
func TestWords(t *testing.T) {
	for _, c := range []struct {
		value string
		want  []string
		err   string
	}{
		{"", nil, ""},
		{" \t\n", nil, ""},
		{"\n--salt\n--rum\n", []string{"--salt", "--rum"}, ""},
		{"a\rb", []string{"a", "b"}, ""},
		{"--a='x y' --b=\"p q\"", []string{"--a=x y", "--b=p q"}, ""},
		{`--c="m"n'o'`, []string{"--c=mno"}, ""},
		{`'' a ""`, []string{"", "a", ""}, ""},
		{`a\\b 'a\\b' "a\\b" a\ b \'`, []string{`a\b`, `a\b`, `a\b`, "a b", "'"}, ""},
		{"$HOME ${HOME} `id` * ; # %n", []string{"$HOME", "${HOME}", "`id`", "*", ";", "#", "%n"}, ""},
		{"Käpt\\'n", []string{"Käpt'n"}, ""},
		{"it's", nil, `a quote ' has no counterpart: write \' if it is a part of the word`},
		{`say "aye`, nil, `a quote " has no counterpart: write \" if it is a part of the word`},
		{`a\`, nil, "it ends with a backslash: write two for one"},
	} {
		got, err := envfile.Words(c.value)
		if !slices.Equal(got, c.want) || (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
			t.Errorf("Words(%q) = %q, %v, want %q, %s", c.value, got, err, c.want, c.err)
		}
	}
}

func TestCheckValue(t *testing.T) {
	for _, c := range []struct{ value, err string }{
		{"", ""},
		{"a b\tc\nd", ""},
		{"Käpt'n", ""},
		{"a\x00", `"a\x00" has the control character '\x00', which a file of variables cannot hold`},
		{"a\rb", `"a\rb" has the control character '\r', which a file of variables cannot hold`},
		{"\x1b[1m", `"\x1b[1m" has the control character '\x1b', which a file of variables cannot hold`},
		{"\ufeffa\u2028b", ""},
		{"a\ufffe", `"a\ufffe" has U+FFFE, which is not a character: systemd would not start the service`},
		{"\U0001fffe", `"\U0001fffe" has U+1FFFE, which is not a character: systemd would not start the service`},
		{"\xff", `"\xff" is not UTF-8 text`},
	} {
		if err := envfile.CheckValue(c.value); (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
			t.Errorf("CheckValue(%q) = %v, want %s", c.value, err, c.err)
		}
	}
}
