package glob

import "testing"

func TestMatcher(t *testing.T) {
	for _, c := range []struct {
		glob, name string
		want       bool
	}{
		{"Godeps/LICENSES", "Godeps/LICENSES", true}, {"Godeps/LICENSES", "x/Godeps/LICENSES", false},
		{"docs/**", "docs/a", true}, {"docs/**", "docs/a/b", true}, {"docs/**", "docs", false}, {"docs/**", "docsx/a", false},
		{"*.md", "a.md", true}, {"*.md", "a/b.md", false}, {"**/*.md", "a.md", true}, {"**/*.md", "a/b/c.md", true},
		{"a/**/z", "a/z", true}, {"a/**/z", "a/b/c/z", true}, {"a/**/z", "a/b", false}, {"**", "a/b", true},
		{"a/?", "a/b", true},
	} {
		match, err := Matcher([]string{c.glob})
		if err != nil || match(c.name) != c.want {
			t.Errorf("%s matches %s: %v (%v), want %v", c.glob, c.name, !c.want, err, c.want)
		}
	}
	for _, bad := range []string{"", "/a", "a/", "a**", "[a"} {
		if Check(bad) == nil {
			t.Errorf("Check(%q) finds nothing wrong", bad)
		}
	}
}
