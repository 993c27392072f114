package filetree

import (
	"fmt"
	"path"
	"strings"
)

// BadTarget says what is wrong with the target of a symbolic link at name, if
// anything is: a link of a tree leads to a place inside it.
func BadTarget(name, target string) string {
	if target == "" || path.IsAbs(target) || strings.ContainsAny(target, "\x00\n") {
		return fmt.Sprintf("to %q, which is not a relative name", target)
	}
	if at := path.Join(path.Dir(name), target); at == ".." || strings.HasPrefix(at, "../") {
		return fmt.Sprintf("to %s, which is outside the tree", target)
	}
	inside := false
	for c := range strings.SplitSeq(target, "/") {
		switch {
		case strings.EqualFold(c, ".git"):
			return fmt.Sprintf("to %s, which is in a .git folder", target)
		case c == ".." && inside: // the folder may be a link, and then .. leads anywhere
			return fmt.Sprintf("to %s, which goes up again behind a folder", target)
		case c != ".." && c != "." && c != "":
			inside = true
		}
	}
	return ""
}
