package patches

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// plainName returns the name in a header line, without quotes, and without the
// timestamp that a tab parts from it.
func plainName(s string) (string, error) {
	if quoted, _, ok := cutQuoted(s); ok {
		return strconv.Unquote(quoted)
	}
	if strings.HasPrefix(s, `"`) {
		return "", fmt.Errorf("the name %s is not quoted as git does it", s)
	}
	name, _, _ := strings.Cut(s, "\t")
	return name, nil
}

// cutQuoted parts a name in quotes from what follows. Git quotes names with
// special bytes as C strings, which are Go's too.
func cutQuoted(s string) (quoted, rest string, ok bool) {
	quoted, err := strconv.QuotedPrefix(s)
	if err != nil || s[0] != '"' || !utf8.ValidString(quoted) {
		return "", "", false
	}
	return quoted, s[len(quoted):], true
}

// commonName returns the first of the two names in a "diff --git" line, which
// must be the same once n folders are off. Spaces in them are not quoted, so
// which one parts them takes trying.
func commonName(s string, n int) (string, error) {
	if quoted, rest, ok := cutQuoted(s); ok {
		a, _ := plainName(quoted)
		b, _ := plainName(strings.TrimPrefix(rest, " "))
		if sameStripped(a, b, n) {
			return quoted, nil
		}
	}
	for i := range len(s) {
		if s[i] == ' ' && sameStripped(s[:i], s[i+1:], n) {
			return s[:i], nil // no later space can do: it makes only the first name longer
		}
	}
	return "", fmt.Errorf("%q is not one file's name twice once -p%d is stripped, and no rename or copy", s, n)
}

func sameStripped(a, b string, n int) bool {
	a, ok := cutFolders(a, n)
	b, ok2 := cutFolders(b, n)
	return ok && ok2 && a == b
}

func cutFolders(name string, n int) (string, bool) {
	for range n {
		_, after, ok := strings.Cut(name, "/")
		if !ok {
			return "", false
		}
		name = after
	}
	return name, true
}

// stripped takes n leading folders off a name, and refuses what is left if it
// could lead out of the tree or into the files of a repository.
func stripped(name string, n int) (string, error) {
	rest, ok := cutFolders(name, n)
	switch {
	case strings.HasPrefix(name, "/"):
		return "", fmt.Errorf("the name %q is absolute", name)
	case !ok:
		return "", fmt.Errorf("the name %q has fewer than the %d leading folders to strip (-p%d)", name, n, n)
	case strings.ContainsAny(rest, "\x00\n"):
		return "", fmt.Errorf("the name %q has a NUL or a newline in it", name)
	}
	for c := range strings.SplitSeq(rest, "/") {
		switch {
		case c == "":
			return "", fmt.Errorf("the name %q has an empty component", name)
		case c == ".", c == "..":
			return "", fmt.Errorf("the name %q has the component %q", name, c)
		case strings.EqualFold(c, ".git"):
			return "", fmt.Errorf("the name %q is in a .git folder", name)
		}
	}
	return rest, nil
}

// isEpoch reports whether a timestamp is the one diff -N gives a file that is
// not there, in any time zone.
func isEpoch(stamp string) bool {
	for _, layout := range []string{"2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, strings.TrimSpace(stamp)); err == nil {
			return t.Unix() == 0
		}
	}
	return false
}
