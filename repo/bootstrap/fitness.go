package bootstrap

import (
	"time"

	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/keys"
)

// soon is how long before a key expires clients have to get another one.
const soon = 90 * 24 * time.Hour

// Fit checks the signer's keys for the clients of a repository: apt, dnf and zypper, and rpm if it
// has rpms. A key that expires within validFor, which is how long the indexes are valid,
// or within 90 days is a warning. The error is a *keys.Error.
func Fit(by *sign.Signer, now time.Time, validFor time.Duration, rpms bool) (warnings []keys.Fault, err error) {
	uses := []keys.Use{keys.Apt, keys.Yum}
	if rpms {
		uses = append(uses, keys.RPM)
	}
	return by.CheckAt(keys.When{Now: now, Soon: max(soon, validFor)}, uses...)
}
