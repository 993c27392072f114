package front

import (
	"strings"
	"testing"
)

func TestShowTarget(t *testing.T) {
	harbour := table{Targets: []target{
		{
			Name: "cross", Aliases: []string{"bin"}, Doc: "Cross compiles a fork. See mage cross.", Package: ours,
			Flags: []param{
				{Name: "platforms", Type: "string", Kind: "LIST", Doc: "platforms to build for, as linux/amd64,linux/arm64, or " +
					"all (default: this machine's)"},
				{Name: "dry-run", Type: "bool", Doc: "say what would be done"},
				{Name: "v", Type: "bool"},
			},
			Examples: []string{"mage cross -platforms=all  # for all", "mage cross"},
		},
		{Name: "sail", Args: []param{{Name: "where", Type: "string", Doc: "where to, as mage cross says"},
			{Name: "knots", Type: "int"}}},
	}}
	for name, want := range map[string]string{
		"cross": `Cross compiles a fork. See go tool slipway cross.

Usage:
  go tool slipway cross [-flag=value ...]

Aliases: bin

Flags:
  -platforms=LIST  platforms to build for, as linux/amd64,linux/arm64, or all (default: this
                   machine's) [$PLATFORMS]
  -dry-run         say what would be done [$DRYRUN]
  -v               [$V]

Examples:
  go tool slipway cross -platforms=all  # for all
  go tool slipway cross
`,
		"sail": `Usage:
  go tool slipway sail <where> <knots>

Arguments:
  <where>  where to, as go tool slipway cross says
`,
	} {
		var out strings.Builder
		p := program{name: "slipway", called: "go tool slipway", out: &out}
		if p.showTarget(harbour, *harbour.target(name)); out.String() != want {
			t.Errorf("the help of %s is\n%s\nwant\n%s", name, out.String(), want)
		}
	}
}

// TestBuiltinsAreDocumented holds for these what holds for targets.
func TestBuiltinsAreDocumented(t *testing.T) {
	for _, one := range builtins(table{}) {
		if one.Short == "" || one.Doc == "" || len(one.Flags) > 0 && len(one.Examples) < 2 {
			t.Errorf("%s is short of a sentence, a text or two examples", one.Name)
		}
		for _, f := range one.Flags {
			if f.Doc == "" || f.Type == "string" && f.Kind == "" {
				t.Errorf("%s -%s does not say what it takes, and what it means", one.Name, f.Name)
			}
		}
	}
}
