package page

import (
	"flag"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit/testpage"
)

var screenshots = flag.String("screenshots", "", "folder that pictures of the page are written to")

func TestBrowser(t *testing.T) {
	page, err := HTML(sample())
	if err != nil {
		t.Fatal(err)
	}
	testpage.Browse(t, page, *screenshots)
}
