// Package sbomtest checks documents of SBOMs against the schemas of their formats.
package sbomtest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/slipway-build/slipway/internal/testkit"
)

// The schemas of both formats are read from where others publish them. The library that
// writes CycloneDX has that format's, and this module has SPDX's.
const spdxSchemas = "github.com/CycloneDX/sbom-utility@v0.16.0"

// A Check returns how a document breaks the schema of a format.
type Check func(document []byte) error

// CycloneDX returns the check of CycloneDX 1.6.
func CycloneDX(t testing.TB) Check {
	t.Helper()
	dir := filepath.Join(testkit.ModuleDir(t, "github.com/CycloneDX/cyclonedx-go"), "schema")
	return compile(t, "http://cyclonedx.org/schema/bom-1.6.schema.json",
		filepath.Join(dir, "bom-1.6.schema.json"), filepath.Join(dir, "spdx.schema.json"),
		filepath.Join(dir, "jsf-0.82.schemax.json"))
}

// SPDX returns the check of SPDX 2.3.
func SPDX(t testing.TB) Check {
	t.Helper()
	dir := testkit.ModuleDir(t, spdxSchemas)
	return compile(t, "http://spdx.org/rdf/terms/2.3",
		filepath.Join(dir, "resources", "schema", "spdx", "2.3", "spdx-schema.json"))
}

// compile compiles the schema of that name among files, each of which says its URL itself.
func compile(t testing.TB, url string, files ...string) Check {
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
	return func(document []byte) error {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
		if err != nil {
			return err
		}
		return schema.Validate(doc)
	}
}
