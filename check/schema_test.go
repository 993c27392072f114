package check_test

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/slipway-build/slipway/check"
	"github.com/slipway-build/slipway/internal/golden"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/internal/testkit/testschema"
)

// schema generates the JSON schema of what "mage check -json" prints.
func schema(t *testing.T) []byte {
	t.Helper()
	return testschema.Encode(t, testschema.Reflect(t, "github.com/slipway-build/slipway/check", "mage check -json",
		check.Report{}))
}

func TestSchema(t *testing.T) {
	golden.Check(t, filepath.Join("..", "docs", "check.schema.json"), schema(t))
}

// TestReportsKeepToTheSchema validates reports as they are printed, and something else.
func TestReportsKeepToTheSchema(t *testing.T) {
	for _, r := range []check.Report{
		{Checks: []check.Check{{Name: "forks", Found: "1 fork"}}},
		{Checks: []check.Check{{Fork: "ship", Name: "fork.lock", Faults: []check.Fault{
			{File: "forks/ship/fork.lock", Line: 2, Message: "it is of another", Remedy: "mage patches:lock"}}}}},
	} {
		data, err := json.Marshal(r)
		if err == nil {
			err = testkit.Valid(t, schema(t), data)
		}
		if err != nil {
			t.Errorf("%s: %v", data, err)
		}
	}
	if testkit.Valid(t, schema(t), []byte(`{"checks": [{"odd": true}]}`)) == nil {
		t.Error("a report with an unknown key, and without a name, is valid")
	}
}
