package doctor_test

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/slipway-build/slipway/doctor"
	"github.com/slipway-build/slipway/internal/golden"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/internal/testkit/testschema"
)

// schema generates the JSON schema of what "mage doctor -json" prints.
func schema(t *testing.T) []byte {
	t.Helper()
	return testschema.Encode(t, testschema.Reflect(t, "github.com/slipway-build/slipway/doctor", "mage doctor -json",
		doctor.Report{}))
}

func TestSchema(t *testing.T) {
	golden.Check(t, filepath.Join("..", "docs", "doctor.schema.json"), schema(t))
}

// TestReportsKeepToTheSchema validates reports as they are printed, and something else.
func TestReportsKeepToTheSchema(t *testing.T) {
	for _, r := range []doctor.Report{
		{Checks: []doctor.Check{{Name: "git", OK: true, Detail: "git version 2.47"}}},
		{Checks: []doctor.Check{{Name: "disk", Needed: true, Detail: "1 GiB free", Remedy: "Free some space"}}},
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
