package text

import "testing"

func TestCount(t *testing.T) {
	for _, c := range []struct {
		n    int
		noun string
		want string
	}{
		{0, "patch", "0 patches"},
		{1, "patch", "1 patch"},
		{2, "patch", "2 patches"},
		{0, "module", "0 modules"},
		{1, "module", "1 module"},
		{34, "module", "34 modules"},
		{1000, "file", "1000 files"},
	} {
		if got := Count(c.n, c.noun); got != c.want {
			t.Errorf("Count(%d, %q) = %q, want %q", c.n, c.noun, got, c.want)
		}
	}
}
