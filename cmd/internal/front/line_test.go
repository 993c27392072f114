package front

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/magefile/mage/mage"
)

// harbour has targets of Slipway's, and of a project's own.
func harbour() table {
	fork := param{Name: "fork", Type: "string", Kind: "NAME", Doc: "the fork (default: the only one)"}
	dryRun := param{Name: "dry-run", Type: "bool", Doc: "say what would be done"}
	images := param{Name: "images", Type: "string", Kind: "LIST", Doc: "images to build"}
	return table{Targets: []target{
		{Name: "cross", Aliases: []string{"bin"}, Flags: []param{fork, dryRun}, Package: ours},
		{Name: "image", Flags: []param{fork, images, dryRun}, Package: ours},
		{Name: "patches:lock", Flags: []param{fork}, Package: ours},
		{
			Name: "sail", Args: []param{{Name: "where", Type: "string"}, {Name: "knots", Type: "int"}},
			Flags: []param{
				{Name: "speed", Type: "float64", Kind: "NUMBER"}, {Name: "pause", Type: "time.Duration", Kind: "DURATION"},
			},
		},
	}}
}

func TestCalls(t *testing.T) {
	p := program{name: "slipway", called: "slipway"}
	for line, want := range map[string]string{
		"":                               "",
		"cross":                          "cross",
		"CROSS -Fork=ship":               "cross -fork=ship",
		"bin --fork ship patches:lock":   "cross -fork=ship patches:lock",
		"cross -dry-run image":           "cross -dryrun=true image",
		"cross -dryRun --dry-run=false":  "cross -dryrun=false",
		"image -images cross cross":      "image -images=cross cross",
		"sail port -3 -speed=-1.5 cross": "sail port -3 -speed=-1.5 cross",
		"sail -pause=5m port 3":          "sail port 3 -pause=5m0s",
		"sail -- -port 3":                "sail -port 3",
		"sail cross 3 cross":             "sail cross 3 cross",
		"cross -fork=":                   "cross -fork=",
		"cross -fork=a=b":                "cross -fork=a=b",
		"crss":                           `error: unknown target "crss"; did you mean cross?`,
		"sail port":                      "error: sail: missing <knots>",
		"sail port x":                    `error: sail: <knots> is "x": want a whole number`,
		"cross linux":                    `error: unknown target "linux"`,
		"cross -frok=ship":               "error: cross has no flag -frok; did you mean -fork?",
		"cross image -fork":              "error: image: -fork needs a value: -fork=NAME",
		"image -dry-run=perhaps":         "error: image: -dry-run=perhaps: want true or false",
		"sail port 3 -speed=fast":        "error: sail: -speed=fast: want a number",
		"cross sail port 3 -help":        "error: help for sail",
		"cross image -h -images=x":       "error: help for image",
		"version":                        `error: unknown target "version"`,
	} {
		calls, err := p.calls(harbour(), strings.Fields(line))
		got := strings.Join(wordsOf(calls), " ")
		if err != nil {
			got, _, _ = strings.Cut("error: "+err.Error(), "\n")
		}
		if got != want {
			t.Errorf("%q is %q, want %q", line, got, want)
		}
	}
}

// TestPlanned has a target that is not Slipway's run before one that is.
func TestPlanned(t *testing.T) {
	for line, want := range map[string]string{
		"cross image":             "",
		"cross sail port 3 image": "",
		"sail port 3":             "",
		"sail port 3 cross -fork=x sail port 3 image": "cross -fork=x image",
	} {
		calls, err := program{}.calls(harbour(), strings.Fields(line))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(planned(calls), " "); got != want {
			t.Errorf("of %q, %q is planned, want %q", line, got, want)
		}
	}
}

// TestMageFlags holds that Mage takes the flags that help and completion show.
func TestMageFlags(t *testing.T) {
	for _, f := range mageFlags() {
		word := "-" + f.Name
		switch f.Kind {
		case "":
		case "DURATION":
			word += "=5m"
		default:
			word += "=x"
		}
		args := []string{word}
		if strings.HasPrefix(f.Name, "go") && f.Name != "gocmd" {
			args = append(args, "-compile=x")
		}
		if f.Name == "h" {
			args = append(args, "cross")
		}
		if _, _, err := mage.Parse(io.Discard, io.Discard, args); err != nil {
			t.Errorf("mage %q: %v", args, err)
		}
	}
}

func TestLastCall(t *testing.T) {
	for line, want := range map[string]string{
		"":                         " ",
		"cr":                       " cr",
		"-l|":                      " -l|",
		"cross|-f":                 "cross -f",
		"cross|-fork|ship|":        "cross -fork|ship|",
		"image|-images|cross|-":    "image -images|cross|-",
		"cross|-fork=x|image|-im":  "image -im",
		"sail|cross|3|":            "sail cross|3|",
		"sail|cross|3|cross|-":     "cross -",
		"-d|cross|cross|-fo":       "cross -fo",
		"patches:lock|-fork=x|cro": "patches:lock -fork=x|cro",
	} {
		one, rest := lastCall(harbour(), strings.Split(line, "|"))
		if got := one.Name + " " + strings.Join(rest, "|"); got != want {
			t.Errorf("of %q the last call is %q, want %q", line, got, want)
		}
	}
}

func TestAsTyped(t *testing.T) {
	one := harbour().Targets[1]
	for _, c := range []struct{ answer, word, want string }{
		{"cross\tcompiles\n:4\n", "cr", "cross\tcompiles\n:4\n"},
		{"--images\timages to build\n--dry-run\n:4\n", "-", "-images=\timages to build\n-dry-run\n:6\n"},
		{"--dry-run\tdry\n:4\n", "--d", "--dry-run\tdry\n:4\n"},
		{"a,b\n:6\n", "-images=a,", "-images=a,b\n:6\n"},
		{":4\n", "x", ":4\n"},
	} {
		if got := asTyped(c.answer, one, c.word); got != c.want {
			t.Errorf("asTyped(%q, %q) = %q, want %q", c.answer, c.word, got, c.want)
		}
	}
}

// TestBuiltins has a project with a target that is called like a command.
func TestBuiltins(t *testing.T) {
	var names []string
	for _, one := range builtins(table{Targets: []target{{Name: "init"}}}) {
		names = append(names, one.Name)
	}
	if want := []string{"completion", "help", "version"}; !slices.Equal(names, want) {
		t.Errorf("the commands are %q, want %q", names, want)
	}
}
