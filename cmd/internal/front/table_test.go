package front

import (
	"reflect"
	"strings"
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
			Name: "cross", Aliases: []string{"bin", "x"}, Short: "compiles a fork.", Doc: "Compiles a fork.\n\nIn dist.",
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

// TestChoices has what the help of flags says, as targets have it.
func TestChoices(t *testing.T) {
	for doc, want := range map[string]string{
		"quilt, mbox or git":                 "quilt mbox git",
		"tar.xz or tar.gz (default: tar.xz)": "tar.xz tar.gz",
		"oci, or docker, which adds archives for docker load (default: oci)":                  "oci docker",
		"github, gitlab, tekton or json (default: json)":                                      "github gitlab tekton json",
		"what the commits become: references or files (default: references)":                  "references files",
		"how to treat merges in the range: first-parent or flatten (default: refuse them)":    "first-parent flatten",
		"json or markdown, which print only the report on standard output (default: a table)": "json markdown",
		"the fork (default: the only one, or the one with default: true)":                     "",
		"a tag (default: the one made from the fork's version)":                               "",
		"one Linux architecture, instead of -platforms":                                       "",
		"a tag or a branch": "",
	} {
		if got := strings.Join(choices(param{Kind: "NAME", Doc: doc}), " "); got != want {
			t.Errorf("%s: %q, want %q", doc, got, want)
		}
	}
	if got := choices(param{Kind: "VERSION", Doc: "1.0 or 2.0"}); got != nil {
		t.Errorf("a version is one of %q", got)
	}
}
