package verify

import (
	"errors"
	"fmt"
	"os"
	"path"
	"slices"

	"github.com/slipway-build/slipway/release/reproduce"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/sigstore"
)

// checkRebuilds counts who else rebuilt the release, by their keys, and whether they are
// enough. A statement that does not count is named with the reason.
func (v *verification) checkRebuilds() (Check, error) {
	c := Check{Name: "rebuilds", Of: fmt.Sprintf("others who say that they rebuilt it, of the %d that are wanted",
		v.Rebuilders)}
	seen := map[sign.By]bool{}
	count := func(name string, bundle []byte) {
		by, err := v.rebuilt(name, bundle)
		switch {
		case err != nil:
			c.Notes = append(c.Notes, fmt.Sprintf("%s does not count: %v", name, err))
		case !seen[by]:
			seen[by] = true
			c.Keys = append(c.Keys, by)
		}
	}
	for _, name := range v.paths {
		if path.Dir(name) == reproduce.AttestationsFolder {
			bundle, err := v.read(name)
			if err != nil {
				return c, err
			}
			count(name, bundle)
		}
	}
	for _, name := range v.Rebuilds {
		bundle, err := os.ReadFile(name)
		if err != nil {
			return c, fmt.Errorf("-rebuilds: %w", err)
		}
		count(name, bundle)
	}
	if c.Count = len(c.Keys); c.Count < v.Rebuilders {
		c.fault(reproduce.AttestationsFolder, "ask others for theirs: mage release:reproduce -attest makes one",
			"%d others say that they rebuilt the release, and %d are wanted", c.Count, v.Rebuilders)
	}
	return c.done(), nil
}

// rebuilt returns who says in a bundle that they rebuilt the release.
func (v *verification) rebuilt(name string, bundle []byte) (sign.By, error) {
	if !v.Others.Sigstore() {
		return sign.By{}, errors.New("no keys of those who rebuild were given")
	}
	payload, by, err := v.Others.VerifyAttestation(name, sigstore.StatementType, bundle)
	if err != nil {
		return sign.By{}, err
	}
	if slices.ContainsFunc(v.Keys.Fingerprints(), func(k sign.By) bool { return k.Fingerprint == by.Fingerprint }) {
		return sign.By{}, fmt.Errorf("its key %s is the publisher's", by.Fingerprint)
	}
	a, err := reproduce.ReadAttestation(payload)
	if err != nil {
		return sign.By{}, err
	}
	return by, a.Check(v.release)
}
