package profiles

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/version"
)

// TestCoreDNS holds where versions of CoreDNS differ: in the tag that the Makefile builds with, and in the user that
// the image has.
func TestCoreDNS(t *testing.T) {
	recipes, err := Images("", "coredns")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ version, tags, user, bind string }{
		{"1.8.0", "", "", ""},
		{"1.10.1", "", "", ""},
		{"1.11.0-rc.1", "", "coredns", "coredns"},
		{"1.14.1", "", "coredns", "coredns"},
		{"1.14.2", "grpcnotrace", "coredns", "coredns"},
		{"1.15.0+acme.1", "grpcnotrace", "coredns", "coredns"},
	} {
		v, err := version.Parse(c.version)
		if err != nil {
			t.Fatal(err)
		}
		s, err := load(t, "coredns").Settings(parse(t, c.version))
		if got := strings.Join(s.Tags, " "); err != nil || got != c.tags || s.Stamps.Values["GitCommit"] == "" {
			t.Errorf("%s is compiled with the tags %q and %v, %v", c.version, got, s.Stamps, err)
		}
		made := recipes.Select(v, func(string) bool { return true })
		i := slices.IndexFunc(made, func(r images.Recipe) bool { return r.Name == "coredns" })
		if i < 0 || made[i].User != c.user || strings.Join(made[i].Bind, " ") != c.bind {
			t.Errorf("%s has the images %+v", c.version, made)
		}
	}
	if _, err := load(t, "coredns").Settings(parse(t, "1.7.1")); err == nil {
		t.Error("1.7.1 has a row")
	}
}
