package build

import (
	"slices"
	"testing"

	"github.com/slipway-build/slipway/patches"
)

func TestNotes(t *testing.T) {
	odd := func(patch, file string) patches.Oddity {
		return patches.Oddity{Patch: patch, File: file, Want: "1111111", Got: "2222222"}
	}
	for _, c := range []struct {
		name   string
		result patches.Result
		want   []string
	}{
		{"nothing", patches.Result{}, nil},
		{"moved", patches.Result{Moved: []patches.Move{{Patch: "a", File: "x", Hunk: 2, Line: 10, By: 3}}},
			[]string{"a: x, hunk 2 applied at line 10, +3 from where it says"}},
		{"many files", patches.Result{Odd: []patches.Oddity{
			odd("a", "1"), odd("a", "2"), odd("a", "3"), odd("a", "4"), odd("a", "5"),
		}},
			[]string{"a: 1, 2, 3 and 2 more becomes git's object 2222222 instead of 1111111, which its index line says: " +
				"the patch was edited, or damaged on its way"}},
		{"odd", patches.Result{Odd: []patches.Oddity{odd("a", "x"), odd("a", "y"), odd("b", "x")}}, []string{
			"a: x, y becomes git's object 2222222 instead of 1111111, which its index line says: " +
				"the patch was edited, or damaged on its way",
			"b: x becomes git's object 2222222 instead of 1111111, which its index line says: " +
				"the patch was edited, or damaged on its way",
		}},
	} {
		if got := notes(c.result); !slices.Equal(got, c.want) {
			t.Errorf("%s: notes() = %q, want %q", c.name, got, c.want)
		}
	}
}
