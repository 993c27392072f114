package config

import (
	"strings"
	"testing"
)

const written = `# The fork.
name: ship   # ours
version: "1.4.1+acme.1"
upstream:
  # Pinned.
  module: example.org/ship@v1.4.1 # the last
  commit: 14100d3c2b1a0f9e8d7c6b5a4f3e2d1c0b9a8f71

build:
  components: [captain]
`

func TestEdit(t *testing.T) {
	for _, c := range []struct {
		name     string
		edit     func() ([]byte, error)
		old, new string // of written
	}{
		{"a quoted value", func() ([]byte, error) { return Set([]byte(written), "version", "1.5.0+acme.1") },
			`"1.4.1+acme.1"`, `1.5.0+acme.1`},
		{"a value and its comment", func() ([]byte, error) {
			return Set([]byte(written), "upstream.module", "example.org/ship@v1.5.0")
		}, "ship@v1.4.1 #", "ship@v1.5.0 #"},
		{"a field that is not there", func() ([]byte, error) { return Set([]byte(written), "upstream.tag", "v1") }, "8f71\n",
			"8f71\n  tag: v1\n"},
		{"a field less", func() ([]byte, error) { return Drop([]byte(written), "upstream.commit") },
			"  commit: 14100d3c2b1a0f9e8d7c6b5a4f3e2d1c0b9a8f71\n", ""},
		{"a field that is not there, less", func() ([]byte, error) { return Drop([]byte(written), "upstream.tag") }, "", ""},
		{"a list that is not there", func() ([]byte, error) {
			return Append([]byte(written), "patches", "git", "../k", "commits", "a..b")
		},
			"[captain]\n", "[captain]\npatches:\n  - git: ../k\n    commits: a..b\n"},
	} {
		got, err := c.edit()
		if want := strings.Replace(written, c.old, c.new, 1); err != nil || string(got) != want {
			t.Errorf("%s: got\n%s(%v), want\n%s", c.name, got, err, want)
		}
	}
}

func TestAppendToList(t *testing.T) {
	const list = "name: ship\npatches:\n- git: ../j\n  commits: a..b # first\n\nbuild: {}\n"
	got, err := Append([]byte(list), "patches", "git", "../k", "commits", "c..d")
	if want := strings.Replace(list, "# first\n", "# first\n- git: ../k\n  commits: c..d\n", 1); err != nil ||
		string(got) != want {
		t.Errorf("Append() = %s(%v), want\n%s", got, err, want)
	}
}

// TestListOfWords edits a list of words on one line, which gets a line for each.
func TestListOfWords(t *testing.T) {
	const data = "name: ship\npatches: [slipway:a, slipway:b]\nbuild: {}\n"
	long := strings.Replace(data, "patches: [slipway:a, slipway:b]\n", "patches:\n  - slipway:a\n  - slipway:b\n", 1)
	got, err := Append([]byte(data), "patches", "git", "../k", "commits", "c..d")
	want := strings.Replace(long, "build", "  - git: ../k\n    commits: c..d\nbuild", 1)
	if err != nil || string(got) != want {
		t.Errorf("Append() = %s(%v), want\n%s", got, err, want)
	}
	for n, want := range map[int]string{
		0: "name: ship\nbuild: {}\n", 1: strings.Replace(long, "  - slipway:b\n", "", 1), 2: data,
	} {
		if got, err := Truncate([]byte(data), "patches", n); err != nil || string(got) != want {
			t.Errorf("Truncate(%d) = %s(%v), want\n%s", n, got, err, want)
		}
	}
	for _, list := range []string{"[slipway:a, {git: x}]", "['slipway:a', b]", "[a,\n  b]", "[a, b] # both"} {
		data := "patches: " + list + "\n"
		if got, err := Truncate([]byte(data), "patches", 1); err == nil {
			t.Errorf("Truncate(%s) = %s, want an error", list, got)
		}
	}
}

func TestEditRefuses(t *testing.T) {
	for _, c := range []struct {
		name, data, field string
	}{
		{"a section on one line", "upstream: {module: a@v1}\n", "upstream.module"},
		{"no such section", "name: ship\n", "upstream.module"},
		{"a list", "upstream:\n  module: [a,\n    b]\n", "upstream.module"},
	} {
		got, err := Set([]byte(c.data), c.field, "b@v2")
		if err == nil || !strings.Contains(err.Error(), `write "`+c.field+`: b@v2" by hand`) {
			t.Errorf("%s: Set() = %s, %v, want an error that says to write it by hand", c.name, got, err)
		}
	}
}
