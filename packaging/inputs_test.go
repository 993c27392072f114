package packaging

import (
	"encoding/json"
	"testing"
	"testing/fstest"
	"time"

	"github.com/slipway-build/slipway/platform"
)

// inputs returns the inputs of cook's package as JSON.
func inputs(t *testing.T, in Input) string {
	t.Helper()
	recipes, err := in.Select([]string{"cook"})
	if err != nil {
		t.Fatal(err)
	}
	what, err := in.Inputs(recipes[0])
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(what)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestInputs holds which changes make a package out of date.
func TestInputs(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(*Input)
		changes bool
	}{
		{"nothing", func(*Input) {}, false},
		{"its binary, which has a digest", func(in *Input) { in.Binaries["captain"] = "/x" }, false},
		{"what is in an image, which has a digest", func(in *Input) { in.Image = in.Tree }, false},
		{"another package's recipe", func(in *Input) { in.Recipes.Packages[0].Summary = "x" }, false},
		{"another package's options", func(in *Input) { in.Settings.Options = map[string]map[string]string{"bosun": {}} },
			false},
		{"another package's source", func(in *Input) { in.Sources.(fstest.MapFS)["bosun.sh"].Data = nil }, false},
		{"another package's files", func(in *Input) { in.User = fstest.MapFS{"bosun/x": {}} }, false},

		{"an image", func(in *Input) { in.Recipes.Packages[1].Files["/usr/share/stove.tar"] = "image:stove" }, true},
		{"its recipe", func(in *Input) { in.Recipes.Packages[1].Summary = "x" }, true},
		{"its options", func(in *Input) { in.Settings.Options = map[string]map[string]string{"cook": {"A": ""}} }, true},
		{"what is replaced", func(in *Input) { in.Settings.Replace = map[string][]string{"cook": {"/x"}} }, true},
		{"its source", func(in *Input) { in.Sources.(fstest.MapFS)["cook.conf"].Data = nil }, true},
		{"its source's mode", func(in *Input) { in.Sources.(fstest.MapFS)["cook.conf"].Mode = 0o755 }, true},
		{"its files", func(in *Input) { in.User = fstest.MapFS{"cook/x": {}} }, true},
		{"the project", func(in *Input) { in.Recipes.License = "BSD" }, true},
		{"the family", func(in *Input) { in.Family = Fedora() }, true},
		{"the maintainer", func(in *Input) { in.Settings.Maintainer = "x" }, true},
		{"the compression", func(in *Input) { in.Settings.Compression = "xz" }, true},
		{"the revision", func(in *Input) { in.Settings.Revision = 2 }, true},
		{"the version", func(in *Input) { in.Version = parsed(t, "1.4.2") }, true},
		{"the platform", func(in *Input) { in.Platform = platform.Platform{OS: "linux", Arch: "s390x"} }, true},
		{"the date", func(in *Input) { in.Date = in.Date.Add(time.Second) }, true},
		{"the time zone", func(in *Input) { in.Date = in.Date.In(time.FixedZone("", 3600)) }, false},
		{"what else is built", func(in *Input) { in.Programs = append(in.Programs, "cook") }, true},
	} {
		in := ship(t)
		before := inputs(t, in)
		c.change(&in)
		if changes := inputs(t, in) != before; changes != c.changes {
			t.Errorf("%s: the inputs change: %v, want %v", c.name, changes, c.changes)
		}
	}
}

func TestInputsFail(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Input)
		want   string
	}{
		{"a missing source", func(in *Input) {
			in.Sources = fstest.MapFS{}
			in.Recipes.Packages[1].Files = map[string]string{"/etc/x": "x"}
		}, "open x: file does not exist"},
		{"files that cannot be read", func(in *Input) { in.User = unreadable{} }, "forks/ship/files: cannot be read"},
	} {
		in := ship(t)
		c.change(&in)
		_, err := in.Inputs(in.Recipes.Packages[1])
		fails(t, c.name, err, c.want)
	}
}
