package ebuilds

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestPage holds what docs/gentoo.md says in numbers against the code. The runs that
// it shows are made by a test in acceptance.
func TestPage(t *testing.T) {
	data, err := os.ReadFile("../docs/gentoo.md")
	if err != nil {
		t.Fatal(err)
	}
	page := strings.Join(strings.Fields(string(data)), " ")
	numbers := []string{"no", "one", "two", "three", "four"}
	made, err := bosunService("", "Restart=always\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		fmt.Sprintf("%d KiB per file, %d KiB in total", largestFile>>10, largestAll>>10),
		fmt.Sprintf("of which the newest %s are kept", numbers[kept]),
	} {
		if !strings.Contains(page, want) {
			t.Errorf("docs/gentoo.md does not say %q", want)
		}
	}
	killed := strings.Contains(made["/etc/init.d/bosun"], `retry="TERM/90/KILL/5"`)
	if !killed || !strings.Contains(page, "after 90 seconds") {
		t.Error("docs/gentoo.md and the init scripts do not stop a service after 90 seconds alike")
	}
}
