package gitrepo

import (
	"context"
	"crypto/sha1" //nolint:gosec // the ids of git's objects
	"fmt"
	"strings"

	"github.com/slipway-build/slipway/filetree"
)

// A File is a file of a commit by its id.
type File struct {
	Mode filetree.Mode // "" if the commit does not have it
	Blob string
}

// Differ returns the files that two fetched commits have otherwise, as the second
// has them, less those that a glob of exclude matches.
func (r *Remote) Differ(ctx context.Context, from, to string, exclude []string) (map[string]File, error) {
	args := append([]string{"diff-tree", "-r", "-z", "--no-commit-id", "--no-renames", "--raw", "--no-abbrev", from, to},
		pathspecs(exclude)...)
	out, err := r.git.output(ctx, r.dir, args...)
	if err != nil {
		return nil, err
	}
	files := map[string]File{}
	fields := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	for i := 0; i+1 < len(fields); i += 2 {
		f := strings.Fields(strings.TrimPrefix(fields[i], ":"))
		if len(f) != 5 {
			return nil, fmt.Errorf("git diff-tree wrote %q", fields[i])
		}
		file := File{}
		if f[4] != "D" {
			file = File{modeOf(f[1]), f[3]}
		}
		files[fields[i+1]] = file
	}
	return files, nil
}

// BlobID returns the id that git gives to a file's content.
func BlobID(content []byte) string {
	h := sha1.New() //nolint:gosec // the ids of git's objects
	fmt.Fprintf(h, "blob %d\x00", len(content))
	_, _ = h.Write(content)
	return fmt.Sprintf("%x", h.Sum(nil))
}
