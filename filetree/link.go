package filetree

import (
	"fmt"
	"path"
	"strings"
)

// Resolve returns the path of a file or folder once every symbolic link of the
// tree that it goes through is followed.
func (d Dir) Resolve(name string) string {
	const most = 40 // links, as Linux has it
	for range most {
		next, ok := d.follow(name)
		if !ok {
			break
		}
		name = next
	}
	return name
}

// follow follows the first link that a path goes through.
func (d Dir) follow(name string) (string, bool) {
	for at := range len(name) + 1 {
		if at < len(name) && name[at] != '/' {
			continue
		}
		if e, ok := d.Tree.Lookup(name[:at]); ok && e.Mode == Link {
			target, err := d.ReadFile(name[:at])
			return path.Join(path.Dir(name[:at]), string(target), name[at:]), err == nil
		}
	}
	return name, false
}

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
			return fmt.Sprintf("to %s, which goes back up from a folder", target)
		case c != ".." && c != "." && c != "":
			inside = true
		}
	}
	return ""
}
