package style

import (
	"slices"
	"testing"
)

func TestDay(t *testing.T) {
	for in, want := range map[string]string{"2026-02-03T05:05:06+01:00": "3 February 2026, 04:05 UTC", "soon": "soon"} {
		if got := Day(in); got != want {
			t.Errorf("Day(%s) = %s, want %s", in, got, want)
		}
	}
}

func TestCommand(t *testing.T) {
	if got := Words("rpm", "--import", "a key's"); got != `rpm --import 'a key'\''s'` {
		t.Errorf("the command is %s", got)
	}
	for _, c := range []struct{ parts, want []string }{
		{nil, nil},
		{[]string{"apt install"}, []string{"apt install"}},
		{[]string{"apt install", "a", "b"}, []string{`apt install \`, `  a \`, "  b"}},
	} {
		if got := Continued(c.parts); !slices.Equal(got, c.want) {
			t.Errorf("Continued(%q) = %q, want %q", c.parts, got, c.want)
		}
	}
}
