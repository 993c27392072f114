package index

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/slipway-build/slipway/internal/golden"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/internal/testkit/testschema"
)

// schema generates the JSON schema of index.json from the structs and their comments.
func schema(t *testing.T) []byte {
	t.Helper()
	s := testschema.Reflect(t, "github.com/slipway-build/slipway/repo/page/index", File, Index{})
	property := testschema.Property
	const id = "^[0-9]{8}T[0-9]{6}\\.[0-9]{3}Z$"
	property(t, s, "schema").Const = Schema
	property(t, s, "snapshot").Pattern = id
	property(t, s, "time").Format = "date-time"
	snapshot := property(t, s, "snapshots").Items
	property(t, snapshot, "id").Pattern = id
	property(t, snapshot, "time").Format = "date-time"
	property(t, property(t, s, "keys").Items, "fingerprint").Pattern = "^([0-9A-F]{40}|[0-9A-F]{64})$"
	property(t, property(t, s, "images").Items, "digest").Pattern = "^sha256:[0-9a-f]{64}$"
	return testschema.Encode(t, s)
}

func TestSchema(t *testing.T) {
	golden.Check(t, filepath.Join("..", "..", "..", "docs", "index.schema.json"), schema(t))
}

// TestIndexKeepsToTheSchema validates an index as it is written.
func TestIndexKeepsToTheSchema(t *testing.T) {
	for name, c := range map[string]struct {
		change func(x *Index)
		wrong  bool
	}{
		"as it is":       {func(*Index) {}, false},
		"no suites":      {func(x *Index) { x.Suites = []Suite{} }, false},
		"null":           {func(x *Index) { x.Suites = nil }, true},
		"another schema": {func(x *Index) { x.Schema++ }, true},
		"another ID":     {func(x *Index) { x.Snapshot = "now" }, true},
		"a key's name":   {func(x *Index) { x.Keys[0].Fingerprint = "mate@example.org" }, true},
		"a short digest": {func(x *Index) { x.Images[0].Digest = "sha256:0a" }, true},
	} {
		x := Index{
			Schema: Schema, Snapshot: "20261126T034500.000Z", Time: "2026-11-26T03:45:00Z", Suites: []Suite{{Forks: []Fork{}}},
			Snapshots: []Snapshot{}, Keys: []Key{{Fingerprint: "0123456789ABCDEF0123456789ABCDEF01234567"}},
			Downloads: []Download{{Fork: Fork{Versions: []string{}}}}, Images: []Image{{
				Digest: "sha256:0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"}},
		}
		c.change(&x)
		data, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		if err := testkit.Valid(t, schema(t), data); (err != nil) != c.wrong {
			t.Errorf("%s: %v", name, err)
		}
	}
}
