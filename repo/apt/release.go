package apt

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/slipway-build/slipway/release/sign"
)

// snapshotID is what apt puts into a URL that Snapshots has.
const snapshotID = "@SNAPSHOTID@"

var folderName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.+_~-]*$`)

// check refuses a suite that clients would not take.
func (s Suite) check() error {
	var faults []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	refuse(!folderName.MatchString(s.Name), "its name cannot be a folder's: want letters, digits and . + _ ~ -")
	for _, f := range []struct {
		name, value string
		wanted      bool
	}{{"Origin", s.Origin, true}, {"Label", s.Label, true}, {"Description", s.Description, false},
		{"Snapshots", s.Snapshots, false}} {
		refuse(f.wanted && f.value == "", "it has no %s: clients want one that never changes", f.name)
		refuse(strings.ContainsAny(f.value, "\r\n") || strings.TrimSpace(f.value) != f.value,
			"its %s is %q: want one line without blanks around it", f.name, f.value)
	}
	refuse(s.Snapshots != "" && !strings.Contains(s.Snapshots, snapshotID),
		"its Snapshots is %q: want a URL with %s", s.Snapshots, snapshotID)
	refuse(s.Snapshot != "" && !folderName.MatchString(s.Snapshot), "the snapshot %q cannot be a folder", s.Snapshot)
	refuse(s.Date.IsZero(), "it has no date")
	refuse(!s.ValidUntil.IsZero() && !s.ValidUntil.After(s.Date), "it would be valid until %s, and is of %s",
		date(s.ValidUntil), date(s.Date))
	return errors.Join(faults...)
}

func date(t time.Time) string { return t.UTC().Format("Mon, 02 Jan 2006 15:04:05 UTC") }

// release returns the file Release over indexes.
func (s Suite) release(archs []string, indexes []index) []byte {
	var out strings.Builder
	field := func(name, value string) {
		if value != "" {
			out.WriteString(name + ": " + value + "\n")
		}
	}
	field("Origin", s.Origin)
	field("Label", s.Label)
	field("Suite", s.Name)
	field("Codename", s.Name)
	field("Date", date(s.Date))
	if !s.ValidUntil.IsZero() {
		field("Valid-Until", date(s.ValidUntil))
	}
	field("Acquire-By-Hash", "yes")
	field("No-Support-for-Architecture-all", "Packages")
	field("Architectures", strings.Join(archs, " "))
	field("Components", component)
	field("Description", s.Description)
	field("Snapshots", s.Snapshots)
	out.WriteString("SHA256:\n")
	for _, i := range indexes {
		fmt.Fprintf(&out, " %s %d %s\n", i.content.SHA256, i.content.Size, i.path)
	}
	return []byte(out.String())
}

func signed(by *sign.Signer) bool { return by != nil && by.OpenPGP() }

// A start is the file that clients ask for first.
type start struct {
	name string
	data []byte
}

// startOf returns InRelease. Without a key it is Release: apt takes that where a source is
// [trusted=yes], and refuses an InRelease without a signature even there.
func startOf(ctx context.Context, release []byte, by *sign.Signer) (start, error) {
	if !signed(by) {
		return start{"Release", release}, nil
	}
	data, err := by.Clear(ctx, release)
	if err != nil {
		return start{}, fmt.Errorf("signing InRelease: %w", err)
	}
	return start{"InRelease", data}, nil
}
