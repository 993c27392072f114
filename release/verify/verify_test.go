package verify_test

import (
	"strings"
	"testing"

	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/verify"
)

func TestWhole(t *testing.T) {
	none := &sign.Signer{}
	all, _, _ := publisher(t)
	for _, c := range []struct {
		name   string
		signer *sign.Signer
		keys   sign.Verifier
		want   string
	}{
		{"unsigned", none, sign.Verifier{}, "the release is not signed: nothing proves who made it"},
		{"signed, no key", all, sign.Verifier{}, "not checked: give the publisher's public key"},
		{"signed", all, all.Verifier(), "signatures by the keys given: 13"},
	} {
		s := newShip(t, c.signer).seal()
		report, err := verify.Release(t.Context(), s.dir, verify.Request{Keys: c.keys})
		lines := strings.Join(report.Lines(), "\n")
		if err != nil || !report.OK() || !strings.Contains(lines, c.want) {
			t.Errorf("%s: %v, want %q\n%s", c.name, err, c.want, lines)
		}
	}
}
