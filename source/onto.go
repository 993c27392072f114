package source

import (
	"context"
	"fmt"
	"strings"
)

// Versions returns the versions at which an upstream can be fetched, in any order:
// those of a module that the module proxy lists, or the tags of a repository.
// Of an archive there is no list.
func (f Fetcher) Versions(ctx context.Context, u Upstream) ([]string, error) {
	switch {
	case u.Module != "":
		path, _, _ := strings.Cut(u.Module, "@")
		return f.Go.Versions(ctx, path)
	case u.Git != "":
		repo, err := f.repository(ctx, u.Git)
		if err != nil {
			return nil, err
		}
		tags, err := repo.Tags(ctx)
		if err != nil {
			return nil, err
		}
		var names []string
		for name := range tags {
			names = append(names, name)
		}
		return names, nil
	}
	return nil, fmt.Errorf("upstream.archive is one file: there is no list of its other versions")
}

// At returns the upstream at another version, or, of a repository, at a tag or
// a commit of 40 hex digits.
func (f Fetcher) At(ctx context.Context, u Upstream, at string) (Upstream, error) {
	if to, known, err := u.Onto(at); known || err != nil {
		return to, err
	}
	repo, err := f.repository(ctx, u.Git)
	if err != nil {
		return u, err
	}
	tags, err := repo.Tags(ctx)
	if err != nil {
		return u, err
	}
	for _, name := range []string{at, "v" + at} {
		if commit, ok := tags[name]; ok {
			u.Commit, u.Tag = commit, name
			return u, nil
		}
	}
	return u, fmt.Errorf("-onto=%s: %s has no such tag: name a tag or a commit of 40 hex digits", at, u.Git)
}

// Onto is At without a look at the repository. It reports whether that is enough to know
// the other upstream.
func (u Upstream) Onto(at string) (to Upstream, known bool, err error) {
	switch {
	case u.Module != "":
		path, _, _ := strings.Cut(u.Module, "@")
		at = strings.TrimPrefix(at, path+"@")
		if at != "" && at[0] >= '0' && at[0] <= '9' {
			at = "v" + at
		}
		to := Upstream{Module: path + "@" + at}
		if faults := validModule(to.Module); faults != nil {
			return u, false, fmt.Errorf("-onto=%s: %s", at, faults[0].Message)
		}
		return to, true, nil
	case u.Git == "":
		return u, false,
			fmt.Errorf("-onto=%s: an upstream that is an archive has no other versions: change fork.yaml by hand", at)
	case commitID.MatchString(at):
		u.Commit, u.Tag = at, ""
		return u, true, nil
	}
	return u, false, nil
}
