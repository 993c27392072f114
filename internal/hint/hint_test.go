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

func TestDoc(t *testing.T) {
	for _, c := range [][3]string{
		{"Cross compiles a fork.\n\nCross is quick.", "Cross", "Compiles a fork.\n\nCross is quick."},
		{"REPO lists.", "REPO", "Lists."},
		{"Compiles a fork.", "Cross", "Compiles a fork."},
		{"Cross", "Cross", "Cross"},
		{"", "Cross", ""},
	} {
		if got := Doc(c[0], c[1]); got != c[2] {
			t.Errorf("Doc(%q, %q) = %q, want %q", c[0], c[1], got, c[2])
		}
	}
}

func TestFlag(t *testing.T) {
	for name, want := range map[string]string{"fork": "fork", "dryRun": "dry-run", "controlPlane": "control-plane"} {
		if got := Flag(name); got != want {
			t.Errorf("Flag(%q) = %q, want %q", name, got, want)
		}
	}
}
