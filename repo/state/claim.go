package state

import (
	"encoding/json"
	"path"
)

// A claim is what whoever signs the next snapshot takes from this one: all that is in it follows
// from the records, which channels name by their digests.
type claim struct {
	ID        string              `json:"id"`
	Parent    string              `json:"parent"`
	Identity  Identity            `json:"identity"`
	Channels  map[string][]Member `json:"channels"`
	Keys      []Key               `json:"keys"`
	Bootstrap *Bootstrap          `json:"bootstrap,omitempty"`
}

// ClaimPath returns where the signed claim of a snapshot is. Without it, whoever can write to a
// place that is published to could have the owner sign packages that are not the owner's.
func ClaimPath(id string) string { return path.Join("state/claims", id+".asc") }

// Claim returns what is signed of a snapshot.
func (s Snapshot) Claim() ([]byte, error) {
	return json.Marshal(claim{s.ID, s.Parent, s.Identity, s.Channels, s.Keys, s.Bootstrap})
}
