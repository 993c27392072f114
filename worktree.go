package slipway

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
)

// Apply leaves the tree that the series makes, up to and with the patch named
// until, in dist/FORK/src for a person to read and to edit, and returns that
// path. It is a git repository, with a commit for the upstream and one for each
// patch. An empty until is the whole series, "none" the upstream as it is.
func (p *Project) Apply(ctx context.Context, id, until string) (string, error) {
	f, err := p.Fork(id)
	if err != nil {
		return "", err
	}
	w, leave, err := p.enter(ctx, f)
	if err != nil {
		return "", err
	}
	defer leave()
	w.announce()
	up, err := w.upstream(ctx, intact(ctx))
	if err != nil {
		return "", p.advise(err)
	}
	series, err := w.series(ctx)
	if err != nil {
		return "", p.advise(err)
	}
	n, err := f.upTo(series, until)
	if err != nil {
		return "", err
	}
	w.Events.Emit(event.Event{Kind: event.Started, Stage: "patches"})
	steps, err := patches.Steps(up.Dir, series[:n])
	if err != nil {
		return "", w.applyError(err)
	}
	w.Events.Emit(event.Event{Kind: event.Finished, Stage: "patches", Detail: applied(n)})
	if err := w.replaceSource(ctx, up, f, steps, nil); err != nil {
		return "", p.advise(err)
	}
	w.Events.Emit(event.Event{Kind: event.Artifact, Path: f.dist("src")})
	return f.dist("src"), nil
}

// upTo returns how many patches of the series come up to the one named until.
func (f *Fork) upTo(series []patches.Patch, until string) (int, error) {
	switch until {
	case "":
		return len(series), nil
	case "none":
		return 0, nil
	}
	names := make([]string, len(series))
	for i, p := range series {
		if p.Name == until {
			return i + 1, nil
		}
		names[i] = p.Name
	}
	return 0, fmt.Errorf("no patch %q in %s: it has %s", until, f.ID, strings.Join(names, ", "))
}

// src returns the folder of the tree that people edit, and the file that says
// which commit Slipway left there.
func (w *workshop) src() (dir, left string) {
	return filepath.Join(w.Dir, w.fork.dist("src")), filepath.Join(w.cache.Dir, "src", w.fork.ID)
}

// replaceSource puts a tree with its history at dist/FORK/src, unless a person
// has changed what lies there. then is the fork as it stands on that upstream;
// stands tells of each step whether its patch's bytes make it, nil that all do.
func (w *workshop) replaceSource(ctx context.Context, up source.Tree, then *Fork, steps []patches.Step, stands []bool) error {
	src, leftFile := w.src()
	if err := w.checkUntouched(ctx); err != nil {
		return err
	}
	scratch, err := w.cache.Scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	next := filepath.Join(scratch, "new")
	ids, err := w.fetcher().Git.Build(ctx, next, gitrepo.Series{
		Base: up.Dir, Upstream: then.Upstream.Pin(), Date: up.Time, Steps: w.commits(steps, up.Time),
	})
	if err != nil {
		return err
	}
	l := left{Upstream: then.Upstream, Version: then.Version, Base: ids[0]}
	for i, s := range steps {
		l.Commits = append(l.Commits, leftCommit{ids[i+1], s.Patch.Name, stands == nil || stands[i]})
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(src), 0o755), os.MkdirAll(filepath.Dir(leftFile), 0o755)); err != nil {
		return err
	}
	// Until the swap is done, either is what lies there.
	if err := l.write(leftFile + ".next"); err != nil {
		return err
	}
	if err := swap(next, src, filepath.Join(scratch, "old")); err != nil {
		return err
	}
	return os.Rename(leftFile+".next", leftFile)
}

// commits returns patches as commits, each by whoever wrote it.
func (w *workshop) commits(steps []patches.Step, date time.Time) []gitrepo.Step {
	out := make([]gitrepo.Step, len(steps))
	for i, s := range steps {
		mail, ok := s.Patch.Mail()
		if !ok {
			mail = patches.Mail{From: w.fork.Name + " fork", Email: "fork@localhost", Date: date, Subject: s.Patch.Name}
		}
		out[i] = gitrepo.Step{
			Name: s.Patch.Name, Author: mail.From, Email: mail.Email, Date: mail.Date,
			Subject: mail.Subject, Body: mail.Body, Changes: s.Changes,
		}
	}
	return out
}

// checkUntouched returns an error if src holds anything but what was left
// there, or was about to be.
func (w *workshop) checkUntouched(ctx context.Context) error {
	src, _ := w.src()
	if !exists(src) {
		return nil
	}
	what := ""
	h, err := w.fetcher().Git.Read(ctx, src)
	if err != nil {
		what = err.Error()
	} else if was, ok := w.leftFor(h); !ok || was.tip() != h.Tip {
		what = "it has other commits"
	} else if len(h.Dirty) > 0 {
		what = fmt.Sprintf("%s (%s)", h.Dirty[0], text.Count(len(h.Dirty), "file"))
	} else {
		return nil
	}
	return fmt.Errorf("%s was changed since it was laid out: %s\n  To keep what was changed: commit it there, then mage patches:refresh -fork=%s\n  To lose it: rm -r %[1]s", w.fork.dist("src"), what, w.fork.ID)
}

// swap puts the folder from in the place of to, whose content, if there is any,
// goes to aside.
func swap(from, to, aside string) error {
	if err := os.Rename(to, aside); err != nil && !os.IsNotExist(err) {
		return err
	}
	return os.Rename(from, to)
}
