package page

import (
	"flag"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

var screenshots = flag.String("screenshots", "", "folder that pictures of the page are written to")

func TestBrowser(t *testing.T) {
	page, err := HTML(sample())
	if err != nil {
		t.Fatal(err)
	}
	testkit.Browse(t, page, *screenshots)
}
