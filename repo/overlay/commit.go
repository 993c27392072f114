package overlay

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/release/sign"
)

// mostPacks is how many packs a repository has at most, unless it says so: readers get the index
// of each.
const mostPacks = 50

// manifestFile is the Manifest of the overlay's root.
const manifestFile = "Manifest"

// Commit brings each branch to hold its releases, by a commit for each package that changes,
// and reports whether there was anything to commit. A branch that goes back to an earlier
// state has that tree again in a single new commit, so that readers always move forward. A
// branch that is not named stays as it is. The same repository and update make the same
// commits. Restore comes before, as another machine may have published meanwhile.
func (r Repository) Commit(ctx context.Context, u Update) (changed bool, err error) {
	w, err := u.writer()
	if err != nil {
		return false, err
	}
	laid := map[string]ebuilds.Tree{}
	for _, b := range u.Branches {
		var fault error
		laid[b.Name], fault = b.merge()
		err = errors.Join(err, fault)
	}
	if err != nil {
		return false, err
	}
	if w.bare, err = r.Git.Bare(ctx, r.Dir); err != nil {
		return false, err
	}
	had, err := w.bare.Heads(ctx)
	if err != nil {
		return false, err
	}
	heads := maps.Clone(had)
	for _, b := range u.Branches {
		tip, err := w.branch(ctx, b.Name, laid[b.Name])
		if err != nil {
			return false, fmt.Errorf("the overlay of %s: %w", b.Name, err)
		}
		if tip != "" {
			heads[b.Name] = tip
		}
	}
	if err := w.point(ctx, heads, u.Branches); err != nil {
		return false, err
	}
	return !maps.Equal(had, heads), w.bare.Pack(ctx, cmp.Or(r.mostPacks, mostPacks))
}

// A writer writes the commits of an update.
type writer struct {
	bare        *gitrepo.Bare
	name, email string
	time        time.Time
	signer      *sign.Signer // with one OpenPGP key, or none
	verifier    sign.Verifier
}

func (u Update) writer() (w writer, err error) {
	w.time, w.signer = u.Time, &sign.Signer{}
	if u.Signer != nil {
		w.signer = u.Signer.First()
	}
	w.verifier = w.signer.Verifier()
	w.name, w.email, err = ebuilds.Maintainer(u.Maintainer)
	if err == nil && strings.ContainsAny(w.name+w.email, "<>\n\x00") {
		err = fmt.Errorf("%q cannot be the author of commits: a name and an address have no < and no >", u.Maintainer)
	}
	if err != nil {
		err = fmt.Errorf("packages.maintainer: %w", err)
	}
	return w, err
}

// point makes branches point at commits, and chooses HEAD.
func (w writer) point(ctx context.Context, heads map[string]string, branches []Branch) error {
	if err := w.bare.SetHeads(ctx, heads); err != nil {
		return err
	}
	names := []string{"stable"}
	for _, b := range branches {
		names = append(names, b.Name)
	}
	names = append(names, slices.Sorted(maps.Keys(heads))...)
	if i := slices.IndexFunc(names, func(name string) bool { return heads[name] != "" }); i >= 0 {
		return w.bare.SetHead(ctx, names[i])
	}
	return nil
}

// branch brings a branch to an overlay, and returns its last commit; "" where there is none,
// and need be none.
func (w writer) branch(ctx context.Context, name string, files ebuilds.Tree) (string, error) {
	past, err := w.past(ctx, name)
	if err != nil || len(past.moments) == 0 && len(files) == 0 {
		return "", err
	}
	treeID, err := w.tree(ctx, past, files)
	if err != nil {
		return "", err
	}
	todo := steps(past.files, files)
	if was, ok := past.tree(treeID); ok {
		if was == past.moments[0] {
			return was.Commit, nil
		}
		todo = []step{back(was.Time, files)}
	}
	tip := past.tip()
	for _, s := range todo {
		treeID, err := w.tree(ctx, past, s.files)
		if err != nil {
			return "", err
		}
		if tip, err = w.commit(ctx, treeID, tip, s); err != nil {
			return "", err
		}
	}
	return tip, nil
}

// tree writes the tree of an overlay with the Manifest of its root, and returns its id. An
// earlier Manifest of just these files is taken as it was signed, unless by another key.
func (w writer) tree(ctx context.Context, past past, files ebuilds.Tree) (string, error) {
	manifest := files.Manifest()
	if w.signer.OpenPGP() && len(files) > 0 {
		signed, ok := past.signed[string(manifest)]
		if !ok {
			var err error
			if signed, err = w.signer.Clear(ctx, manifest); err != nil {
				return "", err
			}
			past.signed[string(manifest)] = signed
		}
		manifest = signed
	}
	if len(files) > 0 {
		files = union(files, ebuilds.Tree{manifestFile: manifest})
	}
	ids := map[string]string{}
	var fresh [][]byte
	for name, data := range files {
		id := gitrepo.BlobID(data)
		if ids[name] = id; !past.known[id] {
			past.known[id], fresh = true, append(fresh, data)
		}
	}
	if err := w.bare.WriteBlobs(ctx, fresh...); err != nil {
		return "", err
	}
	return w.bare.WriteTree(ctx, ids)
}

// commit writes a commit, signed if there is a key, and returns its id.
func (w writer) commit(ctx context.Context, treeID, parent string, s step) (string, error) {
	var head bytes.Buffer
	fmt.Fprintf(&head, "tree %s\n", treeID)
	if parent != "" {
		fmt.Fprintf(&head, "parent %s\n", parent)
	}
	for _, role := range []string{"author", "committer"} {
		fmt.Fprintf(&head, "%s %s <%s> %d +0000\n", role, w.name, w.email, w.time.Unix())
	}
	var message bytes.Buffer
	fmt.Fprintf(&message, "\n%s\n\n", s.subject)
	if s.body != "" {
		fmt.Fprintf(&message, "%s\n", s.body)
	}
	fmt.Fprintf(&message, "Signed-off-by: %s <%s>\n", w.name, w.email)
	if w.signer.OpenPGP() {
		asc, err := w.signer.Detach(ctx, slices.Concat(head.Bytes(), message.Bytes()))
		if err != nil {
			return "", err
		}
		// A header of several lines has a blank before each but the first.
		lines := strings.ReplaceAll(strings.TrimSpace(string(asc)), "\n", "\n ")
		fmt.Fprintf(&head, "gpgsig %s\n", lines)
	}
	return w.bare.WriteCommit(ctx, slices.Concat(head.Bytes(), message.Bytes()))
}
