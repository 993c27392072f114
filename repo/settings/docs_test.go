package settings

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/config"
)

// page is what docs/repositories.md says of repo.yaml, and its example of one.
func page(t *testing.T) (section, example string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "repositories.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(data), "\n## repo.yaml\n")
	section, _, ends := strings.Cut(rest, "\n## ")
	_, block, shown := strings.Cut(string(data), "\n```yaml repo.yaml\n")
	example, _, closed := strings.Cut(block, "```\n")
	if !found || !ends || !shown || !closed {
		t.Fatal("docs/repositories.md has no section repo.yaml, or no example of one")
	}
	return section, example
}

// keysOf returns the keys of a struct's fields, and of those below.
func keysOf(t reflect.Type, prefix string) []string {
	var keys []string
	for f := range t.Fields() {
		key := prefix + f.Tag.Get("yaml")
		if keys = append(keys, key); f.Type.Kind() == reflect.Struct {
			keys = append(keys, keysOf(f.Type, key+".")...)
		}
	}
	return keys
}

// TestEveryKeyIsDocumented holds docs/repositories.md against Settings, both ways and in the same order.
func TestEveryKeyIsDocumented(t *testing.T) {
	section, _ := page(t)
	var got []string
	for _, m := range regexp.MustCompile("(?m)^### `([^`]+)`$").FindAllStringSubmatch(section, -1) {
		got = append(got, m[1])
	}
	if want := keysOf(reflect.TypeFor[Settings](), ""); !slices.Equal(got, want) {
		t.Errorf("docs/repositories.md has the keys\n%q, want\n%q", got, want)
	}
}

// TestDocumentedKeysAreComplete holds that a key has its type, a default, an example that can be read, and errors.
func TestDocumentedKeysAreComplete(t *testing.T) {
	section, _ := page(t)
	example := regexp.MustCompile("(?m)^- Example: `([^`]+)`$")
	for _, part := range strings.Split(section, "\n### ")[1:] {
		key, text, _ := strings.Cut(part, "\n")
		if key = strings.Trim(key, "`"); key == "keep" {
			continue // has keys below it
		}
		if !strings.Contains(text, "\n- Type: ") || !strings.Contains(text, "\n- Errors: ") ||
			!strings.Contains(text, "Required.") && !strings.Contains(text, "Default: ") {
			t.Errorf("docs/repositories.md: %s is without its type, its default or its errors", key)
		}
		m := example.FindStringSubmatch(text)
		if m == nil {
			t.Errorf("docs/repositories.md: %s has no example", key)
			continue
		}
		name, yaml := key, m[1]
		if parent, last, nested := strings.Cut(key, "."); nested {
			name, yaml = last, parent+": {"+m[1]+"}"
		}
		var s Settings
		if _, err := config.Read(File, []byte(yaml+"\n"), &s); err != nil || !strings.HasPrefix(m[1], name+": ") {
			t.Errorf("docs/repositories.md: the example of %s, %s: %v", key, m[1], err)
		}
	}
}

func TestExampleIsRight(t *testing.T) {
	_, example := page(t)
	if _, err := Read(File, []byte(example)); err != nil {
		t.Errorf("docs/repositories.md: %v", err)
	}
}
