package sbom

import (
	"bytes"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/release/sbom/sbomtest"
)

// checkSchema holds that documents of an ending keep to a schema, which refuses one with
// a field that it does not have.
func checkSchema(t *testing.T, check sbomtest.Check, ending string) {
	t.Helper()
	dir, s := released(t)
	for name, data := range documents(t, dir, s) {
		if !strings.HasSuffix(name, ending) {
			continue
		}
		if err := check(data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		odd := bytes.Replace(data, []byte("{"), []byte(`{"odd": 1,`), 1)
		if check(odd) == nil {
			t.Errorf("%s: the schema takes anything", name)
		}
	}
}

func TestCycloneDXSchema(t *testing.T) { checkSchema(t, sbomtest.CycloneDX(t), CycloneDX) }

func TestSPDXSchema(t *testing.T) { checkSchema(t, sbomtest.SPDX(t), SPDX) }
