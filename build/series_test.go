package build

import (
	"slices"
	"testing"

	"github.com/slipway-build/slipway/patches"
)

func TestNotes(t *testing.T) {
	move := func(patch, file string, hunk, by int) patches.Move {
		return patches.Move{Patch: patch, File: file, Hunk: hunk, Line: 10, By: by}
	}
	odd := func(patch, file string) patches.Oddity {
		return patches.Oddity{Patch: patch, File: file, Want: "1111111", Got: "2222222"}
	}
	for _, c := range []struct {
		name   string
		result patches.Result
		want   []string
	}{
		{"nothing", patches.Result{}, nil},
		{"one hunk each", patches.Result{Moved: []patches.Move{move("a", "x", 2, 3), move("b", "y", 1, -1)}}, []string{
			"a: x, hunk 2 applied at line 10, +3 from where it says",
			"b: y, hunk 1 applied at line 10, -1 from where it says",
		}},
		{"several hunks", patches.Result{Moved: []patches.Move{
			move("a", "x", 1, 3), move("a", "x", 2, -4), move("a", "y", 1, 1),
		}},
			[]string{"a: 3 hunks in 2 files applied at other lines than they say, -4 to +3 (x, y)"}},
		{"many files", patches.Result{Moved: []patches.Move{
			move("a", "1", 1, 1), move("a", "2", 1, 1), move("a", "3", 1, 1), move("a", "4", 1, 1), move("a", "5", 1, 1),
		}}, []string{"a: 5 hunks in 5 files applied at other lines than they say, +1 to +1 (1, 2, 3 and 2 more)"}},
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
