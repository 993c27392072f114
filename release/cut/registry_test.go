package cut

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/release/settings"
)

func TestOtherRegistry(t *testing.T) {
	const team = "registry.example.org/team"
	const flagged = `{"version": "1.4.1", "registry": "registry.example.org/team"}`
	for name, c := range map[string]struct {
		made string // images.json; "": there is none
		own  string // images.registry
		only string // the form of a release
		want string
	}{
		"no images":          {},
		"as fork.yaml says":  {made: `{"version": "1.4.1"}`, own: team},
		"for the same":       {made: flagged, own: team},
		"of another version": {made: `{"version": "1.4.2", "registry": "registry.example.org/team"}`},
		"not in the release": {made: flagged, only: settings.Deb},
		"none in fork.yaml":  {made: flagged, want: "made for localhost"},
		"another in fork.yaml": {made: flagged, own: "example.com",
			want: "made for example.com, as forks/ship/fork.yaml says: to release for " + team + ", set images.registry "},
	} {
		t.Run(name, func(t *testing.T) {
			f := fork.Fork{ID: "ship"}
			f.Project.Dir, f.Version, f.Images.Registry = t.TempDir(), "1.4.1", c.own
			if c.only != "" {
				f.Release.Artifacts = []string{c.only}
			}
			dir := f.Project.Path(f.Dist("images"))
			if c.made != "" {
				if err := errors.Join(os.MkdirAll(dir, 0o755),
					os.WriteFile(filepath.Join(dir, "images.json"), []byte(c.made), 0o644)); err != nil {
					t.Fatal(err)
				}
			}
			if got := otherRegistry(f); !strings.Contains(got, c.want) || c.want == "" && got != "" {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
