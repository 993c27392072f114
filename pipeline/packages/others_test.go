package packages

import (
	"os"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/build/buildtest"
	"github.com/slipway-build/slipway/lock"
)

// TestOthers has another fork beside the sample, and makes packages of that.
func TestOthers(t *testing.T) {
	fork := func(version, components, platforms string) string {
		return "name: ship\nupstream:\n  module: example.org/ship@v1.4.1\nversion: " + version + "\n" +
			"build:\n  components: [" + components + "]\n  platforms: [" + platforms + "]\n" +
			"packages:\n  maintainer: Mate <mate@example.org>\n"
	}
	const clash = "forks/ship-1.4/fork.yaml and forks/boat/fork.yaml both make the FORMAT package captain " +
		"1.4.1+test.1-1 for linux/amd64: a repository holds only one of them\n" +
		"  Give one of the forks another version: what is behind the + is its own revision"
	for name, c := range map[string]struct {
		other, want string
	}{
		"the same packages":                 {fork("1.4.1+test.1", "captain", "linux/amd64, linux/arm64"), clash},
		"another revision":                  {fork("1.4.1+test.2", "captain", "linux/amd64"), ""},
		"another revision of the packaging": {fork("1.4.1+test.1", "captain", "linux/amd64") + "  revision: 2\n", ""},
		"another release": {
			strings.Replace(fork("1.4.0+test.1", "captain", "linux/amd64"), "@v1.4.1", "@v1.4.0", 1), ""},
		"another architecture":          {fork("1.4.1+test.1", "captain", "linux/arm64"), ""},
		"other packages":                {fork("1.4.1+test.1", "deckhand", "linux/amd64"), ""},
		"one that is not a fork at all": {"name: [", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := buildtest.New(t, map[string]string{
				"forks/boat/fork.yaml": c.other, "forks/ship-1.4/fork.yaml": fork("1.4.1+test.1", "captain", "linux/amd64"),
			})
			s, err := build.Open(t.Context(), p.ReadFork(t), lock.Lock{}, build.Options{Env: p.Env, PlanOnly: true})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			for _, format := range []Format{Deb(), RPM()} {
				err := Check(s, format, Request{Platforms: []string{"linux/amd64"}})
				got, want := "", strings.Replace(c.want, "FORMAT", format.Name, 1)
				if err != nil {
					got = err.Error()
				}
				if got != want {
					t.Errorf("the error is\n%s\nwant\n%s", got, want)
				}
			}
			if _, err := os.Lstat(p.Path("dist")); !os.IsNotExist(err) {
				t.Errorf("to plan made dist: %v", err)
			}
		})
	}
}
