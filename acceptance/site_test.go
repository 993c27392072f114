//go:build acceptance

package acceptance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit/testpage"
)

// TestSite makes the site of the documentation, and reads it as people do: on a phone and on a
// wide screen, in the light and in the dark, with a keyboard alone.
func TestSite(t *testing.T) {
	dir := clone(t)
	mage(t, dir, "dev:docs")
	site := os.DirFS(filepath.Join(dir, "dist", "site"))
	testpage.CheckSite(t, site)
	testpage.BrowseSite(t, site, "")

	var found []string
	if err := json.Unmarshal([]byte(testpage.InPage(t, site, "docs/why.html", searching)), &found); err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 || !strings.HasSuffix(found[0], "/docs/repositories.html#change-the-key") {
		t.Errorf("a search for a heading finds %q", found)
	}
}

// searching goes to the search and types a heading, goes to the first result by the keyboard,
// and tells where it leads, before the others.
const searching = `addEventListener("load", async () => {
  const press = key => document.activeElement.dispatchEvent(
    new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
  press("/");
  const field = document.activeElement;
  field.value = "change the key";
  for (let i = 0; i < 100 && !document.querySelector(".found a"); i++) {
    field.dispatchEvent(new Event("input", {bubbles: true}));
    await new Promise(done => setTimeout(done, 50));
  }
  press("ArrowDown");
  const links = [document.activeElement, ...document.querySelectorAll(".found a")];
  parent.postMessage(JSON.stringify(links.map(a => String(a.href))), "*");
});`
