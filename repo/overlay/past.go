package overlay

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/internal/gitrepo"
)

// A past is what a branch was until now.
type past struct {
	moments []gitrepo.Moment  // the newest first
	files   ebuilds.Tree      // as they are now, without the Manifest of the root
	signed  map[string][]byte // Manifests of the root that the key has signed, by their text
	known   map[string]bool   // ids of files that need not be written
}

// past reads what a branch was. An update cannot be older than that.
func (w writer) past(ctx context.Context, name string) (p past, err error) {
	p = past{files: ebuilds.Tree{}, signed: map[string][]byte{}, known: map[string]bool{}}
	if p.moments, err = w.bare.First(ctx, name); err != nil || len(p.moments) == 0 {
		return p, err
	}
	if last := p.moments[0].Time; w.time.Before(last) {
		return p, fmt.Errorf("its last commit is of %s, and the new one would be of %s, before that\n"+
			"  Set this machine's clock", last.UTC().Format(time.RFC3339), w.time.UTC().Format(time.RFC3339))
	}
	ids, err := w.bare.ReadTree(ctx, p.tip())
	if err != nil {
		return p, err
	}
	names := []string{}
	for path, id := range ids {
		if path != manifestFile {
			names = append(names, id)
		}
	}
	slices.Sort(names)
	contents, err := w.bare.ReadBlobs(ctx, slices.Compact(names))
	if err != nil {
		return p, err
	}
	for path, id := range ids {
		if path != manifestFile {
			p.files[path], p.known[id] = contents[id], true
		}
	}
	return p, w.readSigned(ctx, p)
}

// readSigned reads the Manifests that the key has signed.
func (w writer) readSigned(ctx context.Context, p past) error {
	if !w.signer.OpenPGP() {
		return nil
	}
	names := make([]string, len(p.moments))
	for i, m := range p.moments {
		names[i] = m.Commit + ":" + manifestFile
	}
	contents, err := w.bare.ReadBlobs(ctx, names)
	for _, name := range slices.Backward(names) { // so that the newest counts
		if text, _, err := w.verifier.VerifyClear(name, contents[name]); err == nil {
			p.signed[string(text)] = contents[name]
		}
	}
	return err
}

// tip returns the last commit; "" if there is none.
func (p past) tip() string {
	if len(p.moments) == 0 {
		return ""
	}
	return p.moments[0].Commit
}

// tree returns the last commit with a tree.
func (p past) tree(id string) (gitrepo.Moment, bool) {
	i := slices.IndexFunc(p.moments, func(m gitrepo.Moment) bool { return m.Tree == id })
	if i < 0 {
		return gitrepo.Moment{}, false
	}
	return p.moments[i], true
}
