package release

import (
	"testing"

	"github.com/slipway-build/slipway/artifact"
)

func TestKindAndFormat(t *testing.T) {
	for _, c := range []struct {
		path   string
		kind   artifact.Kind
		format string
	}{
		{"images/index.json", artifact.Layout, ""},
		{"images/blobs/sha256/01", artifact.Layout, ""},
		{"sbom/bin/linux_amd64/captain.cdx.json", artifact.Document, "cyclonedx"},
		{"sbom/images/ship/linux_amd64.spdx.json", artifact.Document, "spdx"},
		{"vex.openvex.json", artifact.Document, "openvex"},
		{"provenance.json", artifact.Document, "in-toto"},
		{"notes.md", artifact.Document, "markdown"},
		{"updateinfo.json", artifact.Document, "updateinfo"},
		{"keys/openpgp.asc", artifact.Document, ""},
		{"images/notes.md", artifact.Layout, ""},
	} {
		if kind, format := kindOf(c.path), formatOf(c.path); kind != c.kind || format != c.format {
			t.Errorf("%s is a %s in format %q, want a %s in %q", c.path, kind, format, c.kind, c.format)
		}
	}
}
