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

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 KiB", 1: "1 KiB", 1024: "1 KiB", 1025: "2 KiB", 1<<20 - 1: "1024 KiB", 1 << 20: "1 MiB", 163760657: "156 MiB",
	} {
		if got := Size(n); got != want {
			t.Errorf("Size(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"bin/captain → ok": "bin/captain → ok",
		"a\x1b[2Jb\n":      `a\x1b[2Jb\n`,
		"\u202e":           `\u202e`,
		`it's "so"`:        `it's "so"`,
	} {
		if got := Printable(in); got != want {
			t.Errorf("Printable(%q) = %q, want %q", in, got, want)
		}
	}
}
