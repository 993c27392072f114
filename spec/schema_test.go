package spec

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"
	openvex "github.com/openvex/go-vex/pkg/vex"
	"go.yaml.in/yaml/v3"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/internal/golden"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/release/settings"
)

const module = "github.com/slipway-build/slipway"

// schema generates the JSON schema of fork.yaml: its keys from the structs, their meaning from the structs' comments.
func schema(t *testing.T) []byte {
	t.Helper()
	r := &jsonschema.Reflector{
		Anonymous: true, DoNotReference: true, ExpandedStruct: true,
		FieldNameTag: "yaml", RequiredFromJSONSchemaTags: true,
	}
	for _, pkg := range []string{".", "../source", "../cross", "../deps", "../packaging", "../ebuilds",
		"../openstack", "../release/settings", "../release/vex"} {
		if err := r.AddGoComments(module+"/spec", pkg, jsonschema.WithFullComment()); err != nil {
			t.Fatal(err)
		}
	}
	for name, comment := range r.CommentMap {
		r.CommentMap[name] = strings.Join(strings.Fields(comment), " ")
	}
	s := r.Reflect(Fork{})
	s.Title = "fork.yaml"
	s.Required = []string{"name", "version", "upstream", "build"}
	upstream, build, carried := section(t, s, "upstream"), section(t, s, "build"), section(t, s, "patches").Items
	for _, kind := range [][]string{{"module"}, {"git", "commit"}, {"archive", "sha256"}} {
		upstream.OneOf = append(upstream.OneOf, &jsonschema.Schema{Required: kind})
	}
	carried.Required = []string{"git", "commits"}
	section(t, s, "patches").Items = &jsonschema.Schema{
		OneOf: []*jsonschema.Schema{{Type: "string", Pattern: nameOfSeries.String()}, carried},
	}
	build.Required = []string{"components", "platforms"}
	for _, key := range build.Required {
		section(t, build, key).MinItems = new(uint64(1))
	}
	for arch := range (cross.Build{I386: "x", AMD64: "x", ARM: "x", ARM64: "x", PPC64LE: "x", RISCV64: "x"}).Levels() {
		baseline, _ := platform.BaselineOf(arch)
		section(t, build, arch).Pattern = pattern(baseline)
	}
	value := section(t, s, "openstack").AdditionalProperties.AdditionalProperties // which YAML reads as it looks
	value.OneOf, value.Type = []*jsonschema.Schema{{Type: "string"}, {Type: "boolean"}, {Type: "integer"}}, ""
	arm := section(t, build, "arm") // which YAML reads as a number, without options
	arm.OneOf = []*jsonschema.Schema{{Type: "string", Pattern: arm.Pattern}, {Enum: []any{5, 6, 7}}}
	arm.Type, arm.Pattern = "", ""
	section(t, section(t, s, "release"), "artifacts").Items.Enum = words(settings.Artifacts)
	section(t, section(t, s, "release"), "exceptions").Items.Required = []string{"path", "reason"}
	entry := section(t, s, "vex").Items
	entry.Required = []string{"vulnerability", "status"}
	section(t, entry, "status").Enum = words(openvex.Statuses())
	section(t, entry, "justification").Enum = words(openvex.Justifications())
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// words returns strings as the values of an enumeration.
func words(list []string) []any {
	out := make([]any, len(list))
	for i, w := range list {
		out[i] = w
	}
	return out
}

// pattern returns the expression for what Baseline.Check takes.
func pattern(b platform.Baseline) string {
	either := func(words []string) string {
		return "(" + strings.ReplaceAll(strings.Join(words, "|"), ".", `\.`) + ")"
	}
	if b.Options == nil {
		return "^" + either(b.Levels) + "$"
	}
	return "^" + either(b.Levels) + either(b.Options) + "?$"
}

func section(t *testing.T, s *jsonschema.Schema, key string) *jsonschema.Schema {
	t.Helper()
	sub, ok := s.Properties.Get(key)
	if !ok {
		t.Fatalf("the schema has no %s", key)
	}
	return sub
}

func TestSchema(t *testing.T) {
	golden.Check(t, filepath.Join("..", "docs", "fork.schema.json"), schema(t))
}

// validate checks a fork.yaml against the schema.
func validate(t *testing.T, text []byte) error {
	t.Helper()
	s := testkit.Schema(t, schema(t))
	var fork any
	if err := yaml.Unmarshal(text, &fork); err != nil {
		t.Fatal(err)
	}
	return s.Validate(fork)
}

func TestSchemaTakesForks(t *testing.T) {
	var files []string
	for _, pattern := range []string{"../forks/*/fork.yaml", "../examples/*/forks/*/fork.yaml",
		filepath.Join(project(t), "forks/*/fork.yaml")} {
		found, err := filepath.Glob(filepath.FromSlash(pattern))
		if err != nil || len(found) == 0 {
			t.Fatal(pattern, found, err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, text); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestSchemaAgreesWithLoad holds that what the schema refuses, Load refuses too, and that the schema takes what Load
// does.
func TestSchemaAgreesWithLoad(t *testing.T) {
	const claim = "packages:\n  maintainer: Acme <ships@example.org>\nvex:\n  - vulnerability: CVE-2025-13281\n"
	dir := project(t)
	put(t, filepath.Join(dir, "profiles/ship/openstack.yaml"), cloudConfig)
	for _, c := range []struct {
		name, old, new string
		want           bool
	}{
		{"the whole", "", "", true},
		{"no profile", "profile: ship\n", "", true},
		{"no toolchain", "  toolchain: go1.26.8\n", "", true},
		{"no name", "name: ship\n", "", false},
		{"no version", "version: 1.4.1+acme.1\n", "", false},
		{"no module", "  module: example.org/ship@v1.4.1\n", "", false},
		{"no upstream of any kind", "  module: example.org/ship@v1.4.1\n", "  tag: v1.4.1\n", false},
		{"a repository", "  module: example.org/ship@v1.4.1\n", "  git: ../ship\n  exclude: [docs/**]\n", true},
		{"two upstreams", "  module: example.org/ship@v1.4.1\n", "  module: example.org/ship@v1.4.1\n  git: ../ship\n",
			false},
		{"an archive without its digest", "  module: example.org/ship@v1.4.1\n", "  archive: ../ship.tar.gz\n", false},
		{"a carried range", "build:", "patches:\n  - git: ../ship\n    commits: " + commit + ".." + commit[1:] + "0\nbuild:",
			true},
		{"a carried range without a repository", "build:", "patches:\n  - commits: a..b\nbuild:", false},
		{"settings of OpenStack", "build:", "openstack:\n  Global: {trust: true, region: a, tries: 3}\nbuild:", true},
		{"settings in no section", "build:", "openstack:\n  region: a\nbuild:", false},
		{"a list of settings", "build:", "openstack:\n  Global: {region: [a]}\nbuild:", false},
		{"no components", "  components: [bosun, captain]\n", "", false},
		{"an unknown key", "symbols: true", "symbol: true", false},
		{"an unknown key at the top", "name: ship", "nmae: x\nname: ship", false},
		{"a word for a list", "[bosun, captain]", "bosun", false},
		{"an empty list", "[bosun, captain]", "[]", false},
		{"a list in a list", "[bosun, captain]", "[[bosun]]", false},
		{"processors", "  symbols: true\n", "  \"386\": sse2\n  amd64: v3\n  arm: 7\n  arm64: v8.2,lse\n", true},
		{"processors with an option", "  symbols: true\n", "  arm: 6,softfloat\n  arm64: v9.0\n", true},
		{"unknown processors", "  symbols: true\n", "  amd64: v5\n", false},
		{"unknown processors of a number", "  symbols: true\n", "  arm: 8\n", false},
		{"a C compiler", "  symbols: true\n", "  c: {linux/arm64: {cc: gcc -m64, sysroot: ./old}}\n", true},
		{"an unknown key of a C compiler", "  symbols: true\n", "  c: {linux/amd64: {cxx: g++}}\n", false},
		{"processors without a choice", "  symbols: true\n", "  s390x: z13\n", false},
		{"a word for a bool", "symbols: true", "symbols: some", false},
		{"a list for a word", "name: ship", "name: [ship]", false},
		{"a vulnerability", "build:", claim + "    status: not_affected\n    impact: No crew.\nbuild:", true},
		{"a vulnerability without a status", "build:", claim + "    impact: No crew.\nbuild:", false},
		{"an unknown status", "build:", claim + "    status: solved\n    impact: No crew.\nbuild:", false},
		{"an unknown justification", "build:", claim + "    status: not_affected\n    justification: none\nbuild:", false},
		{"nothing for a section", whole[strings.Index(whole, "build:"):], "build:\n", false},
	} {
		text := strings.Replace(strings.Replace(whole, ", windows/amd64", "", 1), c.old, c.new, 1)
		if c.name == "nothing for a section" {
			text = strings.Replace(whole, c.old, c.new, 1)
		}
		_, loaded := load(t, dir, text)
		if err := validate(t, []byte(text)); (err == nil) != c.want || (loaded == nil) != c.want {
			t.Errorf("%s: the schema says %v, and Load %v", c.name, err, loaded)
		}
	}
}
