package repo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/publish/folder"
	"github.com/slipway-build/slipway/repo/publish/oci"
	"github.com/slipway-build/slipway/repo/publish/s3"
	"github.com/slipway-build/slipway/repo/publish/ssh"
	"github.com/slipway-build/slipway/repo/publish/swift"
	"github.com/slipway-build/slipway/repo/tree"
)

// A place is a kind of target.
type place func(ctx context.Context, u *url.URL, o publish.Options) (publish.Target, error)

// places are the kinds by the scheme of their URLs. A path alone is a folder.
func places() map[string]place {
	return map[string]place{
		"": folder.Open, "file": folder.Open, "ssh": ssh.Open, "s3": s3.Open, "swift": swift.Open, "oci": oci.Open,
	}
}

// schemed matches what begins as a URL does.
var schemed = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*:`)

// open opens the target that a flag names.
func (k Keeper) open(ctx context.Context, held *build.Held, flag, at string) (publish.Target, error) {
	if strings.TrimSpace(at) == "" {
		return nil, fmt.Errorf("-%s is missing: name a folder, or a URL of ssh, s3, swift or oci", flag)
	}
	u := &url.URL{Path: at} // a path may have signs that mean something in a URL
	if schemed.MatchString(at) {
		var err error
		if u, err = url.Parse(at); err != nil {
			return nil, fmt.Errorf("-%s: %s is not a URL: %w", flag, run.Redact(at), errors.Unwrap(err))
		}
	}
	open, ok := places()[u.Scheme]
	if !ok {
		schemes := slices.Sorted(maps.Keys(places()))[1:]
		return nil, fmt.Errorf("-%s=%s: unknown scheme %s: want a folder, or a URL of one of %s", flag, run.Redact(at),
			u.Scheme,
			strings.Join(schemes, ", "))
	}
	if u.Scheme == "" {
		u = &url.URL{Scheme: "file", Path: k.Project.At(u.Path)}
	}
	options, err := k.target(held)
	if err != nil {
		return nil, err
	}
	return open(ctx, u, options)
}

// Publish brings what dist/repo shows to a target. Where somebody else published meanwhile, what is
// new here is done again on top of that, which needs the keys.
func (k Keeper) Publish(ctx context.Context, to string, r Request) (report publish.Report, err error) {
	s, err := k.settings()
	if err != nil || k.Options.PlanOnly {
		return report, err
	}
	err = k.locked(ctx, func(ctx context.Context, held *build.Held) error {
		target, err := k.open(ctx, held, "to", to)
		if err != nil {
			return err
		}
		store, err := k.openStore(ctx, held)
		if err != nil {
			return errors.Join(err, target.Close())
		}
		if err := notWithin(store.root, target.String()); err != nil {
			return errors.Join(store.close(err), target.Close())
		}
		if store.shown == nil {
			return errors.Join(store.close(errNothing), target.Close())
		}
		report, err = publish.Publish(ctx, target, store.shown.Next(store.root, store.ancestors), publish.Request{
			Now: k.Now, Keep: s.Retain(), DryRun: r.DryRun, Repair: r.Force, Events: k.Options.Events,
		})
		if err == nil {
			err = k.moveTags(ctx, store, s, report.Previous, r.DryRun)
		}
		err = store.close(err)
		return errors.Join(err, target.Close())
	})
	err = withRemedy(err)
	if conflict := (*publish.ConflictError)(nil); errors.As(err, &conflict) {
		err = fmt.Errorf("%w\n  To go on from there: mage repo:rebase -from=%s, with -key, and publish again", err,
			run.Redact(to))
	}
	if err == nil && !report.UpToDate {
		k.note("%s", summary(report))
	}
	for _, limit := range report.Limits {
		k.note("%s", limit)
	}
	return report, err
}

// summary says what was published, or would be.
func summary(r publish.Report) string {
	if r.UpToDate {
		return "snapshot " + r.Snapshot
	}
	var parts []string
	upload, copied, deleted := "uploaded", "copied there", "deleted"
	if r.DryRun {
		upload, copied, deleted = "to upload", "to copy there", "to delete"
	}
	count := func(what string, byClass map[tree.Class]publish.Count) {
		var sum publish.Count
		for _, c := range byClass {
			sum.Files, sum.Bytes = sum.Files+c.Files, sum.Bytes+c.Bytes
		}
		if sum.Files > 0 {
			parts = append(parts, fmt.Sprintf("%s %s (%s)", text.Count(sum.Files, "file"), what, text.Size(sum.Bytes)))
		}
	}
	count(upload, r.Uploaded)
	count(copied, r.Copied)
	if r.Deleted.Files > 0 {
		parts = append(parts, fmt.Sprintf("%d %s", r.Deleted.Files, deleted))
	}
	return strings.Join(append([]string{"snapshot " + r.Snapshot}, parts...), ", ")
}
