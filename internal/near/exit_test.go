package near_test

import (
	"fmt"
	"testing"

	"github.com/magefile/mage/mg"

	"github.com/slipway-build/slipway/internal/near"
)

func TestUnknownEndsWithTwo(t *testing.T) {
	err := fmt.Errorf("mage cross: %w", near.Unknown("no fork %q", "sihp"))
	if got := mg.ExitStatus(err); got != 2 || err.Error() != `mage cross: no fork "sihp"` {
		t.Errorf("%v: exit code %d, want 2", err, got)
	}
}
