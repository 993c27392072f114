package shards

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/output"
)

// A Want is what a merge needs: each of these shards, made of what the project is made
// of now.
type Want struct {
	Shards  []Shard
	Origins map[string]Origin // by the ID of the fork
}

// Merge puts the shards that are in folders into dist. A folder is a shard, or has
// shards somewhere below it. All are checked before anything of dist changes, and all
// faults are in the error, each with the shard's name and what to do. Each folder of
// dist/FORK is replaced in one step, unless it has the same files already. It returns
// the records, sorted by name.
func Merge(ctx context.Context, d output.Dist, folders []string, w Want) ([]Record, error) {
	all, err := find(folders)
	if err != nil {
		return nil, err
	}
	var faults []error
	for i := range all {
		faults = append(faults, all[i].check(ctx)...)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	once, doubles := w.once(all)
	faults = append(append(faults, doubles...), w.check(all)...)
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	records := make([]Record, len(once))
	for i, f := range once {
		records[i] = f.Record
	}
	return records, place(ctx, d, once)
}

// Built returns the timeline of what the machines of some shards did, side by side.
func Built(records []Record) artifact.Timeline {
	var t artifact.Timeline
	for _, r := range records {
		for _, s := range r.Timeline.Spans {
			if s.Subject == "" || s.Subject == r.Platform { // a machine compiles for itself, too: what writes manual pages
				t.Spans = append(t.Spans, s)
			}
		}
	}
	return t
}

// once returns each shard once, sorted by name, and a fault for each that is there
// again with other content.
func (w Want) once(all []found) ([]found, []error) {
	var out []found
	var faults []error
	for _, f := range all {
		i := slices.IndexFunc(out, func(o found) bool { return o.Shard == f.Shard })
		if i < 0 {
			out = append(out, f)
		} else if o := out[i]; f.Shard != "" && !slices.Equal(o.Files, f.Files) {
			faults = append(faults, f.fault("has other content than in %s, %s\n  Give the folder of one of them", o.dir,
				firstDifference(o.Files, f.Files)))
		}
	}
	slices.SortFunc(out, func(a, b found) int { return strings.Compare(a.Shard, b.Shard) })
	return out, faults
}

// firstDifference names the first file in which two lists differ.
func firstDifference(a, b []Listed) string {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	if i < len(b) {
		return "the first of which is " + b[i].Path
	}
	return "which has also " + a[i].Path
}

// check returns a fault for each shard that is missing, or that does not belong to
// what is merged.
func (w Want) check(all []found) []error {
	var faults []error
	for _, f := range all {
		i := slices.IndexFunc(w.Shards, func(s Shard) bool { return s.Name() == f.Shard })
		switch {
		case f.Shard == "": // its record cannot be read
		case i < 0:
			faults = append(faults, f.fault("does not belong to what is merged: %s\n"+
				"  Leave its folder out, or name its fork and platform with -fork and -platforms",
				strings.Join(names(w.Shards), ", ")))
		default:
			faults = append(faults, f.compare(w.Origins[f.Fork])...)
		}
	}
	unread := slices.ContainsFunc(all, func(f found) bool { return f.Shard == "" })
	for _, s := range w.Shards {
		if !unread && !slices.ContainsFunc(all, func(f found) bool { return f.Shard == s.Name() }) {
			faults = append(faults, fmt.Errorf("shard %s is missing\n  To make it: mage release:shard %[1]s; "+
				"then give the folder that it writes, dist/shards/%[1]s", s.Name()))
		}
	}
	return faults
}

// compare returns what a shard is made of that the project is not made of.
func (f found) compare(o Origin) []error {
	const remedy = "\n  Make the shard again from what is merged here: mage release:shard %s"
	var faults []error
	differ := func(what, theirs, ours string) {
		if theirs != ours {
			faults = append(faults, f.fault("%s is %s, and here it is %s"+remedy, what, theirs, ours, f.Shard))
		}
	}
	differ("the fork's version", f.Version, o.Version)
	for _, name := range inputs(f.Inputs, o.Inputs) {
		differ(name, digest(f.Inputs, name), digest(o.Inputs, name))
	}
	differ("the toolchain", f.Toolchain, o.Toolchain)
	if f.Slipway != "" && o.Slipway != "" {
		differ("Slipway", f.Slipway, o.Slipway)
	}
	return faults
}

// inputs returns the names of two lists, sorted.
func inputs(lists ...[]artifact.Pinned) []string {
	var out []string
	for _, p := range slices.Concat(lists...) {
		out = append(out, p.Name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// digest returns that of a name in a list.
func digest(list []artifact.Pinned, name string) string {
	if i := slices.IndexFunc(list, func(p artifact.Pinned) bool { return p.Name == name }); i >= 0 {
		return list[i].Digest
	}
	return "missing"
}

// place puts the folders of shards into dist. All are laid out in the cache, as they
// were checked, before the first takes its place.
func place(ctx context.Context, d output.Dist, all []found) error {
	for _, f := range all {
		for _, folder := range f.folders() {
			if err := d.CheckFolders(filepath.Join("dist", f.Fork, folder)); err != nil {
				return err
			}
		}
	}
	scratch, err := d.Cache.Scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	var ready []string // relative to dist, and to the scratch folder
	for _, f := range all {
		for _, folder := range f.folders() {
			at := filepath.Join(f.Fork, folder)
			if f.kept(d, folder) {
				continue
			}
			if err := f.copy(ctx, folder, filepath.Join(scratch, at)); err != nil {
				return err
			}
			ready = append(ready, at)
		}
	}
	for _, at := range ready {
		if err := d.Place(filepath.Join(scratch, at), filepath.Join("dist", at)); err != nil {
			return err
		}
	}
	return nil
}
