package settings

import (
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/licenses"
)

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		in   Settings
		want []string
	}{
		"nothing":   {},
		"all forms": {in: Settings{Artifacts: Artifacts}},
		"another one": {Settings{Artifacts: []string{Deb, "snap"}},
			[]string{`artifacts[1]: "snap": want binaries, deb, rpm,`}},
		"one twice":  {Settings{Artifacts: []string{Deb, Image, Deb}}, []string{"artifacts[2]: deb is there twice"}},
		"no license": {Settings{Licenses: licenses.Declared{"example.org/rope": ""}}, []string{"licenses.example.org/rope"}},
		"exceptions": {Settings{Exceptions: []Exception{{"bin/*", "x"}, {"images/captain", " "}, {"/bin", "x"}, {"", "x"}}},
			[]string{"exceptions[1].reason: is missing", "exceptions[2].path: ", "exceptions[3].path: is missing"}},
	} {
		t.Run(name, func(t *testing.T) { testkit.Faults(t, name, c.in.Validate(), c.want...) })
	}
}

func TestHas(t *testing.T) {
	for _, c := range []struct {
		artifacts []string
		form      string
		want      bool
	}{{nil, Deb, true}, {[]string{Deb}, Deb, true}, {[]string{Image}, Deb, false}} {
		if got := (Settings{Artifacts: c.artifacts}).Has(c.form); got != c.want {
			t.Errorf("%v: Has(%s) = %v", c.artifacts, c.form, got)
		}
	}
}
