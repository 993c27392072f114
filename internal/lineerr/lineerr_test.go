package lineerr_test

import (
	"errors"
	"testing"

	"github.com/slipway-build/slipway/internal/lineerr"
)

func TestError(t *testing.T) {
	inner := errors.New("it leaks")
	for want, e := range map[string]*lineerr.Error{
		"hull:3: it leaks": {File: "hull", Line: 3, Err: inner},
		"hull: it leaks":   {File: "hull", Err: inner},
		"3: it leaks":      {Line: 3, Err: inner},
	} {
		if e.Error() != want || !errors.Is(e, inner) {
			t.Errorf("%v, want %s", e, want)
		}
	}
}
