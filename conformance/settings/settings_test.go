package settings

import (
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		in   Settings
		want []string
	}{
		"nothing": {},
		"all": {in: Settings{
			Expected: []Known{{Test: "x", Runtime: "containerd <2.0.0", Kernel: ">=5.4.0", Reason: "y"}},
			Product:  Product{WebsiteURL: "https://example.org", Type: "hosted platform"},
		}},
		"no test":   {Settings{Expected: []Known{{Reason: "y"}}}, []string{"expected[0].test: is missing"}},
		"no reason": {Settings{Expected: []Known{{Test: "x", Reason: " "}}}, []string{"expected[0].reason: is missing"}},
		"no runtime": {Settings{Expected: []Known{{Test: "x", Reason: "y", Runtime: "<2"}}},
			[]string{"expected[0].runtime: "}},
		"no kernel": {Settings{Expected: []Known{{Test: "x", Reason: "y", Kernel: "new"}}},
			[]string{"expected[0].kernel: "}},
		"no URL": {Settings{Product: Product{RepoURL: "example.org"}},
			[]string{"product.repo_url: \"example.org\" is not a URL"}},
		"no type": {Settings{Product: Product{Type: "distro"}}, []string{`product.type: "distro": want distribution,`}},
	} {
		t.Run(name, func(t *testing.T) { testkit.Faults(t, name, c.in.Validate(), c.want...) })
	}
}
