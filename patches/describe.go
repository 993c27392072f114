package patches

// A Head is what a patch says of itself.
type Head struct {
	Title  string   // its subject; the patch's name where it has none
	Author string   // Name <mail>; "" where it says none
	Origin string   // where it is from: DEP-3's Origin, a commit that it was picked from; "" where it says nothing
	CVEs   []string // ids of the vulnerabilities that it fixes, sorted
}

// Head returns what the patch says of itself; of a mailbox, what the first mail says,
// with the vulnerabilities of all. An error is that of CVEs.
func (p Patch) Head() (Head, error) { return Head{}, nil }

// CVEs returns the ids of the vulnerabilities that the patch fixes, sorted, as the
// lines "CVE: CVE-2025-13281" of its head and of its message say, whatever case they
// are in. Several ids have commas or spaces between them. The lines of its diffs say
// nothing. An error is a *ParseError: it is of the first line that has something else.
func (p Patch) CVEs() ([]string, error) { return nil, nil }
