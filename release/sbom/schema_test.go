package sbom

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The schemas of both formats are read from where others publish them. The library that
// writes CycloneDX has that format's, and this module has SPDX's.
const spdxSchemas = "github.com/CycloneDX/sbom-utility@v0.16.0"

// moduleDir returns the folder of a module that the go command is asked for.
func moduleDir(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("go", args...).Output()
	var module struct{ Dir, Error string }
	if json.Unmarshal(out, &module) == nil && module.Dir != "" {
		return module.Dir
	}
	if os.Getenv("CI") == "" {
		t.Skipf("go %s: %v: %s", strings.Join(args, " "), err, module.Error)
	}
	t.Fatalf("go %s: %v: %s", strings.Join(args, " "), err, module.Error)
	return ""
}

// compile compiles the schema of that name among files, each of which says its URL itself.
func compile(t *testing.T, url string, files ...string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource(doc.(map[string]any)["$id"].(string), doc); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := c.Compile(url)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func validate(t *testing.T, schema *jsonschema.Schema, data []byte) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(doc)
}

// checkSchema holds that documents of an ending keep to a schema, which refuses one with
// a field that it does not have.
func checkSchema(t *testing.T, schema *jsonschema.Schema, ending string) {
	t.Helper()
	dir, s := released(t)
	for name, data := range documents(t, dir, s) {
		if !strings.HasSuffix(name, ending) {
			continue
		}
		if err := validate(t, schema, data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		odd := bytes.Replace(data, []byte("{"), []byte(`{"odd": 1,`), 1)
		if validate(t, schema, odd) == nil {
			t.Errorf("%s: the schema takes anything", name)
		}
	}
}

func TestCycloneDXSchema(t *testing.T) {
	dir := filepath.Join(moduleDir(t, "list", "-m", "-json", "github.com/CycloneDX/cyclonedx-go"), "schema")
	checkSchema(t, compile(t, "http://cyclonedx.org/schema/bom-1.6.schema.json",
		filepath.Join(dir, "bom-1.6.schema.json"), filepath.Join(dir, "spdx.schema.json"),
		filepath.Join(dir, "jsf-0.82.schemax.json")), CycloneDX)
}

func TestSPDXSchema(t *testing.T) {
	dir := moduleDir(t, "mod", "download", "-json", spdxSchemas)
	checkSchema(t, compile(t, "http://spdx.org/rdf/terms/2.3",
		filepath.Join(dir, "resources", "schema", "spdx", "2.3", "spdx-schema.json")), SPDX)
}
