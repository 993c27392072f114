package targets_test

import (
	"os"
	"strings"
	"testing"
)

// Whatever byte of fork.lock is changed, cross and patches:verify refuse it and
// name the file, and what is built already stays as it is.
func TestEveryByteOfTheLockCounts(t *testing.T) {
	t.Parallel()
	const stride = 5 // bytes from one that is changed to the next: some in every word of every line
	p := newProject(t, t.TempDir())
	p.must(t, "cross")
	built := mustList(t, p.path("dist", "ship-1.4"))
	name := p.path("forks", "ship-1.4", "fork.lock")
	right, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(right); at += stride {
		if err := flipByte(name, at); err != nil {
			t.Fatal(err)
		}
		p.fails(t, []string{"cross"}, "fork.lock")
		p.fails(t, []string{"patches:verify"}, "fork.lock")
		if t.Failed() {
			line := strings.Count(string(right[:at]), "\n") + 1
			wrong, _ := os.ReadFile(name)
			t.Fatalf("that was with byte %d changed, on line %d:\n%s", at, line, strings.Split(string(wrong), "\n")[line-1])
		}
		if err := os.WriteFile(name, right, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sameAs(t, built, p.path("dist", "ship-1.4"))
	if err := checkWhole(p.path("dist")); err != nil {
		t.Error(err)
	}
	if out := p.must(t, "cross"); strings.Contains(out, "built in") {
		t.Errorf("with the right lock again, what is built is not kept:\n%s", out)
	}
}
