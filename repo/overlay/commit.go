package overlay

import (
	"context"
)

// Commit brings each branch to hold its releases, by a commit for each package that changes,
// and reports whether there was anything to commit. A branch that goes back to an earlier
// state has that tree again in a single new commit, so that readers always move forward. The
// same repository and update make the same commits.
func (r Repository) Commit(ctx context.Context, u Update) (changed bool, err error) {
	return false, nil
}
