package docscript

import (
	"reflect"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

// TestPage runs blocks in another order than the page has them, with names that are other ones in each run.
func TestPage(t *testing.T) {
	testkit.Need(t, "bash")
	const made, other = "20260203T040506.007Z", "20260203T040507.008Z"
	text := page("<!-- run by: TestShip -->\n~~~\n$ cd hold\n$ captain back " + made + "\nback to " + made + "\n~~~\n" +
		"<!-- run by: TestShip -->\n~~~\n$ mkdir hold; captain sail\nsails as " + made + "\n~~~\n" +
		"<!-- run by: TestPort -->\n~~~\n$ captain moor\n~~~\n" +
		"<!-- run by: TestShip -->\n~~~\n$ pwd | sed 's|.*/||'\ndeck\n~~~\n" +
		"<!-- run by: TestShip -->\n~~~\n$ captain rest\n~~~\n")
	dir := testkit.Lay(t, map[string]string{"captain": "case $1 in\nsail) echo sails as " + other + " ;;\n" +
		"back) echo back to $2 ;;\nesac\n"})
	captain := "BASH_FUNC_captain%%=() { sh " + dir + "/captain \"$@\"; }"
	p, err := Open("ship.md", text, "TestShip", Shell{Dir: dir, Env: []string{"PATH=" + testkit.Path()},
		Under: []string{"env", captain}})
	if err != nil {
		t.Fatal(err)
	}
	var faults []string
	for _, of := range []string{"captain sail", "captain back", "pwd"} {
		_, found, err := p.Run(t.Context(), of)
		if err != nil {
			t.Fatal(err)
		}
		faults = append(faults, found...)
	}
	want := []string{"ship.md:18: pwd | sed 's|.*/||': the page shows \"deck\", but \"hold\" is printed, in\nhold"}
	if !reflect.DeepEqual(faults, want) {
		t.Errorf("the faults are %q, want %q", faults, want)
	}
	if left := p.Left(); !reflect.DeepEqual(left, []string{"$ captain rest"}) {
		t.Errorf("left are %q", left)
	}
	if _, _, err := p.Run(t.Context(), "captain sail"); err == nil || !strings.Contains(err.Error(), "no block") {
		t.Errorf("run twice, the error is %v", err)
	}
}
