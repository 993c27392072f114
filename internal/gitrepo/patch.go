package gitrepo

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Patch is a commit as text, in mail format.
type Patch struct {
	Data []byte
	Diff int // where in Data the diff begins: what is before it only tells of the commit
}

// Patch returns a commit of the repository at dir as a patch, without what it does
// to submodules and to files that a glob of exclude matches: the same bytes whatever
// the user has configured. A merge is what it does to its first parent. It has no
// Data if nothing is left of it.
func (g Git) Patch(ctx context.Context, dir, commit string, exclude ...string) (Patch, error) {
	commits, err := g.log(ctx, dir, "-1", commit)
	if err != nil {
		return Patch{}, err
	}
	c := commits[0]
	var out bytes.Buffer
	fmt.Fprintf(&out, "From %s Mon Sep 17 00:00:00 2001\nFrom: %s <%s>\nDate: %s\nSubject: [PATCH] %s\n\n", c.ID, c.Author,
		c.Email, c.Date.Format(time.RFC1123Z), c.Subject)
	if body := withoutTrailers(c.Body); body != "" {
		fmt.Fprintf(&out, "%s\n", body)
	}
	out.WriteString("---\n")
	of := []string{commit}
	if len(c.Parents) > 1 {
		of = []string{c.Parents[0], commit}
	}
	diff, err := g.diff(ctx, dir, of, pathspecs(exclude))
	if err == nil && bytes.Contains(diff, []byte(gitlink)) {
		var links []string
		if links, err = g.gitlinks(ctx, dir, of); err == nil && len(links) > 0 {
			diff, err = g.diff(ctx, dir, of, append(pathspecs(exclude), links...))
		}
	}
	if err != nil || len(diff) == 0 {
		return Patch{}, err
	}
	at := out.Len()
	out.Write(diff)
	return Patch{out.Bytes(), at}, nil
}

// diff returns what a commit does to files.
func (g Git) diff(ctx context.Context, dir string, of, paths []string) ([]byte, error) {
	return g.output(ctx, dir, slices.Concat(pinnedDiff,
		[]string{"diff-tree", "-p", "--root", "--no-commit-id", "--full-index", "--binary", "--no-renames", "--no-color",
			"--no-ext-diff", "--no-textconv", "--diff-algorithm=myers", "--indent-heuristic", "--unified=3",
			"--inter-hunk-context=0", "--src-prefix=a/", "--dst-prefix=b/",
			"--ignore-submodules=none", "--submodule=short", "-O/dev/null"},
		of, paths)...)
}

// gitlink is the mode of a submodule, which no tree that is built has.
const gitlink = "160000"

// gitlinks returns pathspecs that exclude the submodules that a commit moves.
func (g Git) gitlinks(ctx context.Context, dir string, of []string) ([]string, error) {
	args := append([]string{"diff-tree", "-r", "-z", "--root", "--no-commit-id", "--no-renames", "--raw"}, of...)
	out, err := g.output(ctx, dir, args...)
	var paths []string
	fields := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	for i := 0; i+1 < len(fields); i += 2 {
		modes := strings.Fields(strings.TrimPrefix(fields[i], ":"))[:2]
		if !slices.ContainsFunc(modes, func(m string) bool { return m != gitlink && m != "000000" }) {
			paths = append(paths, ":(top,exclude,literal)"+fields[i+1])
		}
	}
	return paths, err
}

// pathspecs name all files but those that a glob of exclude matches.
func pathspecs(exclude []string) []string {
	paths := []string{"--", ":/"}
	for _, glob := range exclude {
		paths = append(paths, ":(top,exclude,glob)"+glob)
	}
	return paths
}

// pinnedDiff are the settings of a diff that have no option.
var pinnedDiff = []string{"-c", "core.quotePath=true", "-c", "diff.noprefix=false", "-c", "diff.mnemonicPrefix=false",
	"-c", "diff.relative=false",
	"-c", "diff.suppressBlankEmpty=false", "-c", "core.attributesFile=/dev/null", "-c", "core.whitespace=-trailing-space"}
