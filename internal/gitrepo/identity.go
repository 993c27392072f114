package gitrepo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"hash"
	"slices"
	"strings"
)

// An Identity is what stays the same of a change when it is applied elsewhere: its
// lines and their context, as git patch-id takes them, without their numbers.
type Identity struct {
	loose, exact [sha256.Size]byte // without white space, and with it
}

// Same reports whether two changes are the same but for white space.
func (i Identity) Same(j Identity) bool { return i.loose == j.loose }

// Exact reports whether two changes are the same.
func (i Identity) Exact(j Identity) bool { return i.exact == j.exact }

// Identify returns what identifies the changes of commits of the repository at dir,
// and what does where each of them is taken back.
func (g Git) Identify(ctx context.Context, dir string, ids []string) (forth, back map[string]Identity, err error) {
	list := strings.Join(ids, "\n") + "\n"
	for _, reverse := range []bool{false, true} {
		var out bytes.Buffer
		c := call{dir: dir, args: identityArgs(reverse, nil), stdin: strings.NewReader(list), stdout: &out}
		if err := g.run(ctx, c); err != nil {
			return nil, nil, err
		}
		if reverse {
			back = identities(out.Bytes())
		} else {
			forth = identities(out.Bytes())
		}
	}
	return forth, back, nil
}

// identityArgs are the arguments with which git writes what identities reads.
func identityArgs(reverse bool, exclude []string) []string {
	args := slices.Concat(pinnedDiff, []string{"diff-tree", "--stdin", "-p", "--root", "--full-index", "--no-renames",
		"--no-color", "--no-ext-diff", "--no-textconv", "--diff-algorithm=myers", "--indent-heuristic", "--unified=3",
		"--inter-hunk-context=0", "--src-prefix=", "--dst-prefix=", "--ignore-submodules=none", "--submodule=short",
		"-O/dev/null"})
	if reverse {
		args = append(args, "-R")
	}
	return append(args, pathspecs(exclude)...)
}

// identities reads diffs, each behind a line with its commit.
func identities(out []byte) map[string]Identity {
	ids := map[string]Identity{}
	var id string
	var loose, exact hash.Hash
	end := func() {
		if id != "" {
			ids[id] = Identity{loose: [32]byte(loose.Sum(nil)), exact: [32]byte(exact.Sum(nil))}
		}
	}
	var index []byte // of the file; it counts where the file has no lines
	for line := range bytes.Lines(out) {
		text := bytes.TrimSuffix(line, []byte("\n"))
		switch {
		case len(text) == 40 && isID.Match(text):
			end()
			id, loose, exact = string(text), sha256.New(), sha256.New()
			continue
		case id == "":
			continue
		case bytes.HasPrefix(line, []byte("index ")):
			index = line
			continue
		case bytes.HasPrefix(line, []byte("@@ ")):
			continue
		case bytes.HasPrefix(line, []byte("Binary files ")):
			line = index
		}
		_, _ = exact.Write(line)
		_, _ = loose.Write(withoutSpace(line))
	}
	end()
	return ids
}

func withoutSpace(line []byte) []byte {
	out := make([]byte, 0, len(line))
	for _, b := range line {
		if strings.IndexByte(" \t\n\r\v\f", b) < 0 {
			out = append(out, b)
		}
	}
	return out
}
