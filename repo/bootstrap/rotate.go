package bootstrap

// Keys are those of a snapshot, by fingerprint.
type Keys struct {
	Signing []string // that its indexes are signed with; the first signs rpms
	Shipped []string // that its keyring package, its release package and NAME.asc have
}

// A RotationError is a change of keys that would leave clients behind.
type RotationError struct {
	Key    string // its fingerprint
	What   string
	Breaks string // which clients
	Remedy string
}

func (e *RotationError) Error() string { return "" }

// Rotate compares the keys of a snapshot with those of the one before it, which are zero for the
// first. The error is a *RotationError. Warnings say which clients have something to do.
func Rotate(before, now Keys) (warnings []string, err error) { return nil, nil }
