package gitrepo

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/event"
)

// deepen fetches more of the history of some commits until enough reports that it
// is, or all of it is here. Only commits are fetched, for they are small: their trees
// come with trees.
func (r *Remote) deepen(ctx context.Context, enough func() (bool, error), tips ...string) (bool, error) {
	if ok, err := enough(); ok || err != nil {
		return ok, err
	}
	depths := []string{"--depth=64", "--depth=2147483647"}
	for _, depth := range depths {
		whole, here, err := r.known(ctx, tips)
		if err != nil {
			return false, err
		}
		if len(here) == len(tips) && !slices.Contains(whole, false) {
			break
		}
		if depth == depths[0] && slices.Contains(whole, true) {
			continue // a little of what is whole would cut it off
		}
		if err := r.fetchCommits(ctx, depth, here, tips); err != nil {
			return false, r.unknown(err, tips...)
		}
		if ok, err := enough(); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// known returns those of some commits that are here, and of each whether all of its
// history is.
func (r *Remote) known(ctx context.Context, tips []string) (whole []bool, here []string, err error) {
	for _, tip := range tips {
		if !r.present(ctx, tip) {
			continue
		}
		all, err := r.whole(ctx, tip)
		if err != nil {
			return nil, nil, err
		}
		whole, here = append(whole, all), append(here, tip)
	}
	return whole, here, nil
}

// noTreeFilter matches what git says of a server that filters files only.
var noTreeFilter = regexp.MustCompile(`filter 'tree' not supported`)

// fetchCommits fetches the commits behind some, without trees if the server can do
// that. What is behind those that are here is not sent again.
func (r *Remote) fetchCommits(ctx context.Context, depth string, here, tips []string) error {
	options := []string{depth}
	for _, id := range here {
		options = append(options, "--negotiation-tip="+id)
	}
	err := r.fetch(ctx, append(slices.Clone(options), "--filter=tree:0"), tips...)
	if e, ok := errors.AsType[*fetchError](err); ok && e.says(noTreeFilter) {
		return r.fetch(ctx, options, tips...)
	}
	return err
}

// trees fetches the trees that are not here of the commits that git rev-list selects,
// and of the commits before them.
func (r *Remote) trees(ctx context.Context, selection ...string) error {
	selected, err := r.view(ctx, nil, append([]string{"rev-list", "--parents"}, selection...)...)
	if err != nil || len(selected) == 0 {
		return err
	}
	commits := strings.Join(strings.Fields(string(selected)), "\n") + "\n"
	out, err := r.view(ctx, []byte(commits), "log", "--no-walk=unsorted", "--stdin", "--format=%T")
	if err != nil {
		return err
	}
	var all []blob
	for id := range strings.FieldsSeq(string(out)) {
		all = append(all, blob{id: id})
	}
	wanted, err := r.missing(ctx, all)
	if err != nil || len(wanted) == 0 {
		return err
	}
	return r.fetchObjects(ctx, event.Event{Unit: "objects"}, wanted)
}
