package hint

import "testing"

func TestAs(t *testing.T) {
	targets := []string{"cross", "patches:lock", "benchCold"}
	for text, want := range map[string]string{
		"":                                    "",
		"To pin it: mage patches:lock":        "To pin it: slipway patches:lock",
		"mage cross -fork=ship deb":           "slipway cross -fork=ship deb",
		"run `go tool mage cross`":            "run `slipway cross`",
		"with (mage benchCold) or mage cross": "with (slipway benchCold) or slipway cross",
		"To list them: mage -l":               "To list them: slipway -l",
		"for flags: mage -h cross":            "for flags: slipway -h cross",
		"mage -version":                       "mage -version",
		"mage patches:rebase":                 "mage patches:rebase",
		"mage crosses":                        "mage crosses",
		"/bin/mage cross":                     "/bin/mage cross",
		"a mage knows a cross":                "a mage knows a cross",
		"Error:\n  mage cross":                "Error:\n  slipway cross",
	} {
		if got := As(text, "slipway", targets); got != want {
			t.Errorf("As(%q) = %q, want %q", text, got, want)
		}
	}
}
