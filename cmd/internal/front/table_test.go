package front

import (
	"reflect"
	"testing"

	"github.com/magefile/mage/parse"
)

func TestTableOf(t *testing.T) {
	cross := &parse.Function{
		PkgAlias: "", ImportPath: ours, Name: "Cross", Synopsis: "compiles a fork.",
		Comment: "Cross compiles a fork.\n\nIn dist.\n\nExamples:\n\n\tmage cross  # all\n\tmage cross -v",
		Args: []parse.Arg{
			{Name: "fork", Type: "string", Optional: true, Comment: "NAME the fork (default: the only one)"},
			{Name: "dryRun", Type: "bool", Optional: true, Comment: "DRY is no kind"},
			{Name: "wait", Type: "time.Duration", Optional: true, Comment: "how long"},
			{Name: "where", Type: "string", Comment: "where to"},
		},
	}
	lock := &parse.Function{PkgAlias: "slipway", Receiver: "Patches", Name: "Lock"}
	got := tableOf(&parse.PkgInfo{
		Description: "Ships.\n", Funcs: parse.Functions{lock},
		Imports:     parse.Imports{{Info: parse.PkgInfo{Funcs: parse.Functions{cross}}}},
		DefaultFunc: lock, Aliases: map[string]*parse.Function{"x": cross, "bin": cross},
	})
	want := table{Description: "Ships.", Default: "slipway:patches:lock", Targets: []target{
		{
			Name: "cross", Aliases: []string{"bin", "x"}, Short: "compiles a fork.", Doc: "Cross compiles a fork.\n\nIn dist.",
			Examples: []string{"mage cross  # all", "mage cross -v"}, Package: ours,
			Args: []param{{Name: "where", Type: "string", Kind: "TEXT", Doc: "where to"}},
			Flags: []param{
				{Name: "fork", Type: "string", Kind: "NAME", Doc: "the fork (default: the only one)"},
				{Name: "dry-run", Type: "bool", Doc: "DRY is no kind"},
				{Name: "wait", Type: "time.Duration", Kind: "DURATION", Doc: "how long"},
			},
		},
		{Name: "slipway:patches:lock"},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("tableOf() =\n%+v\nwant\n%+v", got, want)
	}
}

func TestListed(t *testing.T) {
	for name, want := range map[string]string{
		"Cross": "cross", "Patches:Lock": "patches:lock", "dev:BenchCold": "dev:benchCold", "HTTPServer": "httpServer",
		"URL": "url", "Deploy:OpenStack": "deploy:openStack",
	} {
		if got := listed(name); got != want {
			t.Errorf("listed(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestHyphenated(t *testing.T) {
	for name, want := range map[string]string{"fork": "fork", "dryRun": "dry-run", "controlPlane": "control-plane"} {
		if got := hyphenated(name); got != want {
			t.Errorf("hyphenated(%q) = %q, want %q", name, got, want)
		}
	}
}
