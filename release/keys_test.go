package release

import (
	"reflect"
	"testing"

	"github.com/slipway-build/slipway/release/settings"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/keys"
	"github.com/slipway-build/slipway/release/sign/signtest"
)

// TestUses holds what keys are checked for: what they sign, and nothing else.
func TestUses(t *testing.T) {
	armored, inPEM := signtest.OpenPGP(t, "harbour").Secret, signtest.PEM(t).Secret
	for _, c := range []struct {
		about string
		keys  []string
		forms []string
		want  []keys.Use
	}{
		{"no key", nil, nil, nil},
		{"sigstore", []string{inPEM}, nil, []keys.Use{keys.Bundles}},
		{"OpenPGP, all forms", []string{armored}, nil, []keys.Use{keys.Sums, keys.RPM}},
		{"OpenPGP, rpms among others", []string{armored}, []string{settings.Deb, settings.RPM},
			[]keys.Use{keys.Sums, keys.RPM}},
		{"OpenPGP, no rpms", []string{armored}, []string{settings.Deb}, []keys.Use{keys.Sums}},
		{"both", []string{armored, inPEM}, []string{settings.Deb}, []keys.Use{keys.Bundles, keys.Sums}},
	} {
		s, err := sign.Open(t.Context(), sign.Settings{Keys: c.keys, Time: signtest.Release})
		if err != nil {
			t.Fatal(err)
		}
		f := ship("", "")
		f.Release.Artifacts = c.forms
		if got := uses(f, s); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", c.about, got, c.want)
		}
	}
}
