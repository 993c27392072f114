package artifact

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/golden"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/internal/testkit/testschema"
)

// sha256Pattern is what a digest looks like.
const sha256Pattern = "^sha256:[0-9a-f]{64}$"

// schema generates the JSON schema of artifacts.json from the structs and their comments.
func schema(t *testing.T) []byte {
	t.Helper()
	s := testschema.Reflect(t, "github.com/slipway-build/slipway/artifact", ReleaseFile, Release{})
	property := testschema.Property
	property(t, s, "schema").Const = ReleaseSchema
	for _, key := range []string{"tree", "lock"} {
		property(t, s, key).Pattern = sha256Pattern
	}
	property(t, s, "commit").Pattern = "^[0-9a-f]{40}$"
	property(t, s, "date").Format = "date-time"
	for _, list := range []string{"patches", "artifacts"} {
		property(t, property(t, s, list).Items, "digest").Pattern = sha256Pattern
	}
	one := property(t, s, "artifacts").Items
	property(t, one, "unsigned").Pattern = sha256Pattern
	property(t, one, "kind").Enum = []any{
		Binary, Package, Distfile, Overlay, Image, Layout, Tarball, Source, Document,
	}
	return testschema.Encode(t, s)
}

func TestSchema(t *testing.T) {
	golden.Check(t, filepath.Join("..", "docs", "artifacts.schema.json"), schema(t))
}

// TestRecordsKeepToTheSchema validates records as they are written.
func TestRecordsKeepToTheSchema(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0a", 32)
	good := func() Release {
		return Release{
			Schema: ReleaseSchema, Fork: "ship-1.4", Name: "ship", Version: "1.4.1+acme.1",
			Upstream: Pinned{"example.org/ship@v1.4.1", "h1:x="}, Tree: digest, Commit: strings.Repeat("0", 40), Lock: digest,
			Date: "2026-02-03T04:05:06Z", Toolchain: "go1.26.8", Platforms: []string{"linux/amd64"},
			Patches: []ReleasedPatch{{Name: "0001-crew.patch", Digest: digest, Title: "crew", CVEs: []string{"CVE-2026-1234"}}},
			Artifacts: []Released{
				{Kind: Package, Name: "ship", Format: "rpm", Path: "rpm/ship.rpm", Size: 1, Digest: digest, Unsigned: digest},
				{Kind: Image, Name: "ship", Path: "images", Digest: digest, Images: []PlatformImage{{Digest: digest}}},
			},
		}
	}
	for name, c := range map[string]struct {
		change func(r *Release)
		wrong  bool
	}{
		"as it is":       {func(*Release) {}, false},
		"no patches":     {func(r *Release) { r.Patches = nil }, false},
		"another schema": {func(r *Release) { r.Schema++ }, true},
		"a short digest": {func(r *Release) { r.Artifacts[0].Digest = "sha256:0a" }, true},
		"another kind":   {func(r *Release) { r.Artifacts[0].Kind = "snap" }, true},
		"no commit":      {func(r *Release) { r.Commit = "" }, true},
	} {
		r := good()
		c.change(&r)
		data, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if err := testkit.Valid(t, schema(t), data); (err != nil) != c.wrong {
			t.Errorf("%s: %v", name, err)
		}
	}
}
