package targets

import (
	"testing"

	"github.com/magefile/mage/mg"
)

// TestPlatformNames holds an unknown platform to the exit code of a wrong line.
func TestPlatformNames(t *testing.T) {
	for name, c := range map[string]struct {
		platforms, arch string
		code            int
	}{
		"known":                   {"linux/amd64,linux/arm64", "", 0},
		"all":                     {"all", "", 0},
		"an architecture":         {"", "arm64", 0},
		"unknown":                 {"linux/amd46", "", 2},
		"one of several unknown":  {"linux/amd64,plan9/amd64", "", 2},
		"an unknown architecture": {"", "vax", 2},
		"both flags":              {"linux/amd64", "arm64", 1},
	} {
		if _, err := platformNames(c.platforms, c.arch); mg.ExitStatus(err) != c.code {
			t.Errorf("%s: exit code of %v is %d, want %d", name, err, mg.ExitStatus(err), c.code)
		}
	}
}
