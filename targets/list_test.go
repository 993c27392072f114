package targets_test

import (
	"testing"

	"github.com/slipway-build/slipway/internal/golden"
)

// Users see what this package exports in the list of their own targets.
func TestListOfTargets(t *testing.T) {
	p := &project{dir: t.TempDir(), env: inYard(t).env(t.TempDir())}
	golden.Check(t, "testdata/targets.golden", []byte(p.must(t, "-l")))
}
