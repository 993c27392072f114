package targets_test

import (
	"testing"

	"github.com/slipway-build/slipway/internal/golden"
)

// Users see what this package exports in the list of their targets.
func TestListOfTargets(t *testing.T) {
	list := emptyProject(t, t.TempDir()).must(t, "-l")
	golden.Check(t, "testdata/targets.golden", []byte(list))
}
