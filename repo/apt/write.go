package apt

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/repo/tree"
)

// component is the one that every suite has.
const component = "main"

// Indexes returns the files of a suite in the repository's root: apt/dists/NAME/…, and those of
// its dated tree, apt/snapshots/ID/…. A deb in the dated tree is an alias of the one at its Path.
//
// The same suite makes the same bytes, as far as the keys make the same signatures. Suites that
// one Signer signs are made one after another.
func Indexes(ctx context.Context, s Suite, by *sign.Signer) ([]tree.File, error) {
	files, err := s.files(ctx, by)
	if err != nil {
		return nil, fmt.Errorf("apt suite %s: %w", s.Name, err)
	}
	return files, nil
}

func (s Suite) files(ctx context.Context, by *sign.Signer) ([]tree.File, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	archs, chosen, err := s.byArchitecture()
	if err != nil {
		return nil, err
	}
	indexes, err := s.indexes(ctx, chosen)
	if err != nil {
		return nil, err
	}
	release := s.release(archs, indexes)
	first, err := startOf(ctx, release, by)
	if err != nil {
		return nil, err
	}
	out := []tree.File{tree.Of(tree.Commit, s.dir()+first.name, first.data)}
	if signed(by) {
		signature, err := by.Detach(ctx, release)
		if err != nil {
			return nil, fmt.Errorf("signing Release: %w", err)
		}
		out = append(out, tree.Of(tree.Commit, s.dir()+"Release", release),
			tree.Of(tree.Commit, s.dir()+"Release.gpg", signature))
	}
	for _, i := range indexes {
		out = append(out, i.content, tree.AliasOf(tree.Index, s.dir()+i.path, i.content))
	}
	if s.Snapshot != "" {
		if !s.ValidUntil.IsZero() { // what is dated stays as it is, and nobody signs it again
			s.ValidUntil = time.Time{}
			if first, err = startOf(ctx, s.release(archs, indexes), by); err != nil {
				return nil, err
			}
		}
		out = append(out, s.dated(first, indexes)...)
	}
	return tree.Merge(out)
}

// dir is the suite's folder in the repository's root, with a slash at its end.
func (s Suite) dir() string { return Root + "/dists/" + s.Name + "/" }

// An index is one that Release names.
type index struct {
	path    string    // relative to the suite's folder: main/binary-amd64/Packages.xz
	content tree.File // below by-hash
}

// A text is what indexes say of the packages of an architecture, and the forms it is written in,
// that which takes longest first.
type text struct {
	path  string
	of    func([]Package) []byte
	forms []form
}

func texts(arch string) []text {
	return []text{
		{component + "/binary-" + arch + "/Packages", packagesOf, []form{xzip, gz, plain}},
		// apt-file wants that Release names the uncompressed Contents, too.
		{component + "/Contents-" + arch, contentsOf, []form{gz, plain}},
	}
}

// indexes returns the indexes of a suite, sorted by path. All are made at the same time.
func (s Suite) indexes(ctx context.Context, chosen map[string][]Package) ([]index, error) {
	var mu sync.Mutex
	var out []index
	group, ctx := errgroup.WithContext(ctx)
	write := func(at string, data []byte, as form) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		data, err := as.encode(data)
		if err != nil {
			return fmt.Errorf("%s: %w", at+as.ending, err)
		}
		i := s.index(at+as.ending, data)
		mu.Lock()
		defer mu.Unlock()
		out = append(out, i)
		return nil
	}
	for arch, packages := range chosen {
		for _, t := range texts(arch) {
			group.Go(func() error {
				data := t.of(packages)
				for _, as := range t.forms {
					group.Go(func() error { return write(t.path, data, as) })
				}
				return nil
			})
		}
	}
	err := group.Wait()
	slices.SortFunc(out, func(a, b index) int { return strings.Compare(a.path, b.path) })
	return out, err
}

// index returns an index with data. Its content is named by its sum.
func (s Suite) index(at string, data []byte) index {
	content := tree.Of(tree.Content, "", data)
	content.Path = s.dir() + path.Dir(at) + "/by-hash/SHA256/" + content.SHA256
	return index{at, content}
}

// dated returns the dated tree of a suite: all that an apt finds that is told the tree's URL.
func (s Suite) dated(first start, indexes []index) []tree.File {
	dated := func(at string) string {
		return Root + "/snapshots/" + s.Snapshot + strings.TrimPrefix(at, Root)
	}
	out := []tree.File{tree.Of(tree.Content, dated(s.dir()+first.name), first.data)}
	for _, i := range indexes {
		out = append(out, tree.AliasOf(tree.Content, dated(i.content.Path), i.content))
	}
	for _, p := range s.Packages {
		out = append(out, tree.AliasOf(tree.Content, dated(p.Path), p.entry()))
	}
	return out
}
