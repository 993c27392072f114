package spec

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/e2e"
	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/kubespray"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/openstack"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/profiles"
	"github.com/slipway-build/slipway/tarballs"
	"github.com/slipway-build/slipway/version"
)

// A reference is docs/fork.md and docs/profiles.md, taken apart.
type reference struct {
	keys     map[string][]string // by section: what headings and first cells have in backticks
	examples map[string][]string // by file: the code blocks that show one
}

var (
	heading = regexp.MustCompile("^### `([^`]+)`$")
	row     = regexp.MustCompile("^\\| `([^`]+)` \\|")
)

func readReference(t *testing.T) reference {
	t.Helper()
	r := reference{keys: map[string][]string{}, examples: map[string][]string{}}
	for _, name := range []string{"fork.md", "profiles.md"} {
		data, err := os.ReadFile(filepath.Join("..", "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		r.add(string(data))
	}
	return r
}

// add takes one page apart.
func (r reference) add(data string) {
	section, block, text := "", "", ""
	for line := range strings.Lines(data) {
		line = strings.TrimSuffix(line, "\n")
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && block == "":
			block, text = info+"|", ""
		case fence:
			if _, file, ok := strings.Cut(strings.TrimSuffix(block, "|"), " "); ok {
				r.examples[file] = append(r.examples[file], text)
			}
			block = ""
		case block != "":
			text += line + "\n"
		case strings.HasPrefix(line, "## "):
			section = line[3:]
		default:
			for _, form := range []*regexp.Regexp{heading, row} {
				if m := form.FindStringSubmatch(line); m != nil {
					r.keys[section] = append(r.keys[section], m[1])
				}
			}
		}
	}
}

// keysOf returns the keys that a struct's fields are given by, and all below: upstream.module,
// layout[].siblings[].place.
func keysOf(t reflect.Type, prefix string) []string {
	var keys []string
	for i := range t.NumField() {
		name, flag, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		key, of := prefix+name, t.Field(i).Type
		if name == "-" {
			continue
		}
		if flag == "inline" {
			keys = append(keys, keysOf(of, prefix)...)
			continue
		}
		if !t.Field(i).IsExported() {
			continue
		}
		keys = append(keys, key)
		switch {
		case of.Kind() == reflect.Struct:
			keys = append(keys, keysOf(of, key+".")...)
		case of.Kind() == reflect.Slice && of.Elem().Kind() == reflect.Struct:
			keys = append(keys, keysOf(of.Elem(), key+"[].")...)
		case of == reflect.TypeFor[map[string]cross.C]():
			keys = append(keys, keysOf(of.Elem(), key+".PLATFORM.")...)
		}
	}
	return keys
}

// TestEveryKeyIsDocumented holds docs/fork.md and docs/profiles.md against the structs, both ways, in the same order.
func TestEveryKeyIsDocumented(t *testing.T) {
	p := readReference(t)
	templates := []string{"{{.Version}}", "{{.Major}}", "{{.Prerelease}}", "{{.Metadata}}", "{{.Commit}}", "{{.Date}}"}
	for section, want := range map[string][]string{
		"fork.yaml":                         keysOf(reflect.TypeFor[Fork](), ""),
		"profiles/PROJECT.yaml":             keysOf(reflect.TypeFor[profiles.File[profiles.Profile]](), ""),
		"profiles/PROJECT/packages.yaml":    keysOf(reflect.TypeFor[profiles.File[packaging.Recipes]](), ""),
		"profiles/PROJECT/gentoo.yaml":      keysOf(reflect.TypeFor[profiles.File[ebuilds.Project]](), ""),
		"profiles/PROJECT/images.yaml":      keysOf(reflect.TypeFor[profiles.File[images.Recipes]](), ""),
		"profiles/PROJECT/kubespray.yaml":   keysOf(reflect.TypeFor[profiles.File[kubespray.Recipes]](), ""),
		"profiles/PROJECT/tarballs.yaml":    keysOf(reflect.TypeFor[profiles.File[tarballs.Recipes]](), ""),
		"profiles/PROJECT/openstack.yaml":   keysOf(reflect.TypeFor[profiles.File[openstack.Recipes]](), ""),
		"profiles/PROJECT/conformance.yaml": keysOf(reflect.TypeFor[profiles.File[e2e.Recipes]](), ""),
		"fork.lock": {"upstream", "time", "module", "dropped", "source", "carried", "library", "patch", "dep",
			"tree", "go"},
	} {
		got := slices.DeleteFunc(slices.Clone(p.keys[section]),
			func(key string) bool { return slices.Contains(templates, key) })
		for _, key := range want {
			if !slices.Contains(got, key) {
				t.Errorf("docs, %s: %s is not documented", section, key)
			}
		}
		for _, key := range got {
			if !slices.Contains(want, key) {
				t.Errorf("docs, %s: there is no key %s", section, key)
			}
		}
		if !t.Failed() && !slices.Equal(got, want) {
			t.Errorf("docs, %s: the keys are listed as %q, want %q", section, got, want)
		}
	}
}

// TestDocumentedKeysAreComplete holds that a key of fork.yaml has its type and, where it takes a value, an example.
func TestDocumentedKeysAreComplete(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "docs", "fork.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(string(data), "\n### ")[1:] {
		part, _, _ = strings.Cut(part, "\n## ")
		key, text, _ := strings.Cut(part, "\n")
		switch strings.Trim(key, "`") {
		case "upstream", "patches", "build", "build.c", "build.c.PLATFORM.debian", "packages", "ebuilds", "images",
			"images.debian", "release", "repository":
			continue // a section, which has keys below it
		}
		for _, want := range []string{"\n- Type: ", "\n- Example: `" + lastKey(key) + ": ", "\n- Errors: "} {
			if !strings.Contains(text, want) {
				t.Errorf("docs/fork.md: %s has no %q", key, strings.TrimSpace(want))
			}
		}
		if !strings.Contains(text, "Required.") && !strings.Contains(text, "Default: ") {
			t.Errorf("docs/fork.md: %s is neither required nor has it a default", key)
		}
	}
}

func lastKey(key string) string {
	key = strings.Trim(key, "`")
	return key[strings.LastIndex(key, ".")+1:]
}

// TestExamplesAreRight reads every example of the two pages as what it says it is.
func TestExamplesAreRight(t *testing.T) {
	p := readReference(t)
	for file, want := range map[string]int{"fork.yaml": 3, "profiles/ship.yaml": 1, "profiles/flannel.yaml": 1,
		"profiles/ship/packages.yaml": 1, "profiles/ship/gentoo.yaml": 1, "profiles/ship/images.yaml": 1,
		"profiles/ship/kubespray.yaml": 1, "profiles/ship/tarballs.yaml": 1, "profiles/ship/openstack.yaml": 1,
		"profiles/ship/conformance.yaml": 1, "patches/series": 1, "fork.lock": 1} {
		if got := len(p.examples[file]); got != want {
			t.Fatalf("the docs have %d examples of %s, want %d", got, file, want)
		}
	}
	dir := t.TempDir()
	for _, name := range []string{"profiles/ship.yaml", "profiles/flannel.yaml", "profiles/ship/packages.yaml",
		"profiles/ship/gentoo.yaml", "profiles/ship/images.yaml", "profiles/ship/kubespray.yaml",
		"profiles/ship/tarballs.yaml", "profiles/ship/openstack.yaml", "profiles/ship/conformance.yaml"} {
		put(t, filepath.Join(dir, filepath.FromSlash(name)), p.examples[name][0])
	}
	for _, name := range []string{"ship", "flannel"} {
		if _, faults, err := profiles.Load(dir, name); err != nil || faults != nil {
			t.Errorf("docs/profiles.md, profiles/%s.yaml: %v, %v", name, faults, err)
		}
	}
	v, err := version.Parse("1.4.1")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := profiles.Recipes(dir, "ship", v); err != nil {
		t.Errorf("docs/profiles.md, profiles/ship/packages.yaml: %v", err)
	}
	if _, err := profiles.Gentoo(dir, "ship"); err != nil {
		t.Errorf("docs/profiles.md, profiles/ship/gentoo.yaml: %v", err)
	}
	if _, err := profiles.Images(dir, "ship"); err != nil {
		t.Errorf("docs/profiles.md, profiles/ship/images.yaml: %v", err)
	}
	if _, err := profiles.Kubespray(dir, "ship"); err != nil {
		t.Errorf("docs/profiles.md, profiles/ship/kubespray.yaml: %v", err)
	}
	if _, err := profiles.Tarballs(dir, "ship"); err != nil {
		t.Errorf("docs/profiles.md, profiles/ship/tarballs.yaml: %v", err)
	}
	if _, err := profiles.OpenStack(dir, "ship"); err != nil {
		t.Errorf("docs/profiles.md, profiles/ship/openstack.yaml: %v", err)
	}
	if _, err := profiles.Conformance(dir, "ship"); err != nil {
		t.Errorf("docs/profiles.md, profiles/ship/conformance.yaml: %v", err)
	}
	for i, example := range p.examples["fork.yaml"] {
		if err := validate(t, []byte(example)); err != nil {
			t.Errorf("docs/fork.md, fork.yaml %d: %v", i, err)
		}
		if _, err := load(t, dir, example); err != nil {
			t.Errorf("docs/fork.md, fork.yaml %d: %v", i, err)
		}
	}
	for _, key := range keysOf(reflect.TypeFor[Fork](), "") {
		all := strings.ReplaceAll(strings.Join(p.examples["fork.yaml"], ""), `"`, "")
		if !strings.Contains(all, lastKey(key)+":") {
			t.Errorf("docs/fork.md: no example of a fork.yaml has %s", key)
		}
	}
	if _, err := lock.Decode([]byte(p.examples["fork.lock"][0])); err != nil {
		t.Errorf("docs/fork.md, fork.lock: %v", err)
	}
	checkSeries(t, p.examples["patches/series"][0])
}

// checkSeries reads a series of patches that are all there.
func checkSeries(t *testing.T, series string) {
	t.Helper()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "series"), series)
	var want []string
	for line := range strings.Lines(series) {
		if words := strings.Fields(line); len(words) > 0 && words[0][0] != '#' {
			want = append(want, words[0])
			put(t, filepath.Join(dir, filepath.FromSlash(words[0])), "--- a\n")
		}
	}
	list, err := patches.ReadSeries(dir)
	var got []string
	for _, p := range list {
		got = append(got, p.Name)
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("docs/fork.md, patches/series: read as %q, %v", got, err)
	}
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}
