package unitfile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/unitfile"
)

// TestParse has what lines of a unit file are. Each setting is SECTION KEY=VALUE, and
// the line that it is on. internal/unitfile is compared with systemd itself where
// units become init scripts, in ebuilds.
func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
		err        string
	}{
		{"sections", "[Unit]\nA=1\n\n[Service]\nA=2\nB = 3 \n", []string{"2 Unit A=1", "5 Service A=2", "6 Service B=3"}, ""},
		{"an equals sign in the value", "[Unit]\nA=b=c\n", []string{"2 Unit A=b=c"}, ""},
		{"no value", "[Unit]\nA=\n", []string{"2 Unit A="}, ""},
		{"comments", "# a\n[Unit]\n ; b\n  #c\nA=1 # d\n", []string{"5 Unit A=1 # d"}, ""},
		{"continued", "[Unit]\nA=b \\\n   c\\\nd\nE=f\n", []string{"2 Unit A=b     c d", "5 Unit E=f"}, ""},
		{"a comment between", "[Unit]\nA=b \\\n# c \\\n;d\n e\n", []string{"2 Unit A=b   e"}, ""},
		{"an empty line ends it", "[Unit]\nA=b \\\n\nC=d\n", []string{"2 Unit A=b", "4 Unit C=d"}, ""},
		{"the file ends it", "[Unit]\nA=b \\\n", []string{"2 Unit A=b"}, ""},
		{"a backslash of its own", "[Unit]\nA=b\\\\\nC=d\\ \n", []string{`2 Unit A=b\\`, `3 Unit C=d\`}, ""},
		{"a comment does not go on", "[Unit]\n# a \\\nB=c\n", []string{"3 Unit B=c"}, ""},
		{"other ends of lines", "[Unit]\r\nA=b\\\r\nc\r\nD=e\rF=g", []string{"2 Unit A=b c", "4 Unit D=e", "5 Unit F=g"}, ""},
		{"a mark of the byte order", "\ufeff[Unit]\nA=b\n", []string{"2 Unit A=b"}, ""},
		{"nothing", "", nil, ""},
		{"no section", "A=b\n", nil, `x.service:1: "A=b" is in no section`},
		{"an open section", "[Unit\n", nil, "x.service:1: the section [Unit has no ] at its end"},
		{"no assignment", "[Unit]\n\nA\n", nil, `x.service:3: "A" is not an assignment: want KEY=VALUE`},
		{"no key", "[Unit]\n=b\n", nil, `x.service:2: "=b" is not an assignment: want KEY=VALUE`},
		{"no text", "[Unit]\nA=\xff\n", nil, "x.service:2: the line is not UTF-8 text"},
		{"a zero", "[Unit]\nA=b\x00c\n", nil, "x.service:2: the line is not UTF-8 text"},
	} {
		unit, err := unitfile.Parse("x.service", []byte(c.text))
		var got []string
		for _, s := range unit {
			got = append(got, fmt.Sprintf("%d %s %s=%s", s.Line, s.Section, s.Key, s.Value))
		}
		if !slices.Equal(got, c.want) || (err != nil || c.err != "") && fmt.Sprint(err) != c.err {
			t.Errorf("%s: %q, %v, want %q, %s", c.name, got, err, c.want, c.err)
		}
	}
}

func TestAllAndLast(t *testing.T) {
	unit, err := unitfile.Parse("x.service", []byte("[Service]\nA=1\nA=2\n[Unit]\nA=3\n[Service]\nB=1\nB=\nC=\nC=2\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ key, all, last string }{
		{"A", "1 2", "2"}, {"B", "", ""}, {"C", "2", "2"}, {"D", "", ""},
	} {
		var all []string
		for _, s := range unit.All("Service", c.key) {
			all = append(all, s.Value)
		}
		if got := strings.Join(all, " "); got != c.all || unit.Last("Service", c.key).Value != c.last {
			t.Errorf("%s: all are %s, want %s; the last is %v, want %s", c.key, got, c.all, unit.Last("Service", c.key), c.last)
		}
	}
}

// TestCommands has the commands of a value: of each its prefix, and its words in
// brackets.
func TestCommands(t *testing.T) {
	for _, c := range []struct{ value, want, err string }{
		{"/bin/a b  c", "[/bin/a][b][c]", ""},
		{"-@/bin/a b", "-@[/bin/a][b]", ""},
		{"+/bin/a ; !!/bin/b c ;", "+[/bin/a] !![/bin/b][c]", ""},
		{`/bin/a \; ";" b;c`, "[/bin/a][;][;][b;c]", ""},
		{`"/bin/a b" 'c "d"' "e 'f'" g'h'"i"`, `[/bin/a b][c "d"][e 'f'][ghi]`, ""},
		{`"-/bin/a" \x62 \143 \n \q \`, "-[/bin/a][b][c][\n][\\q][\\]", ""},
		{`/bin/a \ud800 \u00e4 \U0001f6a2`, `[/bin/a][\ud800][ä][🚢]`, ""},
		{"", "", ""},
		{"/bin/a 'b", "", "x:7: ExecStart=: a quote ' has no counterpart"},
		{"-", "", `x:7: ExecStart=: "-" is not a program`},
		{`/bin/a \xff`, "", `x:7: ExecStart=: "\xff" is not UTF-8 text`},
	} {
		s := unitfile.Setting{File: "x", Line: 7, Section: "Service", Key: "ExecStart", Value: c.value}
		commands, err := s.Commands()
		var got []string
		for _, command := range commands {
			got = append(got, command.Prefix+"["+strings.Join(append([]string{command.Program}, command.Args...), "][")+"]")
		}
		if strings.Join(got, " ") != c.want || (err != nil || c.err != "") && fmt.Sprint(err) != c.err {
			t.Errorf("%s: %s, %v, want %s, %s", c.value, got, err, c.want, c.err)
		}
	}
}

// TestPieces has the parts of an argument: text, (variables), and {variables that are
// split}.
func TestPieces(t *testing.T) {
	for _, c := range []struct{ prefix, arg, want, err string }{
		{"", "a", "a", ""},
		{"", "", "", ""},
		{"", "$A", "{A}", ""},
		{"", "${A}", "(A)", ""},
		{"", "a${A}b${B}", "a(A)b(B)", ""},
		{"", "a$A", "a$A", ""},
		{"", "$$A $$ a$$", "$A $ a$", ""},
		{"", "${A", "${A", ""},
		{"", "$${A}", "${A}", ""},
		{":", "${A} $B", "${A} $B", ""},
		{"", "$", "", `x:7: ExecStart=: $: "" is not the name of a variable: write $$ for a dollar sign`},
		{"", "${A-b}", "", `x:7: ExecStart=: ${A-b}: "A-b" is not the name of a variable: write $$ for a dollar sign`},
		{"", "$1", "", `x:7: ExecStart=: $1: "1" is not the name of a variable: write $$ for a dollar sign`},
	} {
		command := unitfile.Command{Setting: unitfile.Setting{File: "x", Line: 7, Key: "ExecStart"}, Prefix: c.prefix}
		pieces, err := command.Pieces(c.arg)
		got := ""
		if err == nil {
			for _, p := range pieces {
				got += map[unitfile.Kind]string{unitfile.Text: "%s", unitfile.Variable: "(%s)", unitfile.Words: "{%s}"}[p.Kind]
				got = strings.Replace(got, "%s", p.Text, 1)
			}
		}
		if got != c.want || (err != nil || c.err != "") && fmt.Sprint(err) != c.err {
			t.Errorf("%s: %s, %v, want %s, %s", c.arg, got, err, c.want, c.err)
		}
	}
}

func TestText(t *testing.T) {
	s := unitfile.Setting{File: "x", Line: 7, Key: "User"}
	known := map[byte]string{'n': "bosun.service", 'i': ""}
	for _, c := range []struct{ word, want, err string }{
		{"a %n %%n [%i] %", "a bosun.service %n [] %", ""},
		{"%H", "", "x:7: User=: the specifier %H has no value outside systemd: write its value, or %% for a percent sign"},
	} {
		got, err := s.Text(c.word, known)
		if got != c.want || (err != nil || c.err != "") && fmt.Sprint(err) != c.err {
			t.Errorf("%s: %s, %v, want %s, %s", c.word, got, err, c.want, c.err)
		}
	}
}

// FuzzParse shows that no text makes the package fail but with an error.
func FuzzParse(f *testing.F) {
	f.Add("[Service]\nExecStart=-/bin/a \\\n# b\n 'c' $D ${E}\\x20 %n ; /bin/f\n")
	f.Fuzz(func(t *testing.T, text string) {
		unit, err := unitfile.Parse("x", []byte(text))
		if err != nil {
			return
		}
		for _, s := range unit {
			commands, _ := s.Commands()
			for _, c := range commands {
				for _, arg := range c.Args {
					_, _ = c.Pieces(arg)
				}
			}
		}
	})
}
