package ebuilds

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode"
)

// A Layer is an overlay that is put together with others.
type Layer struct {
	Name string // in messages
	Tree Tree
}

// Union returns one overlay with the files of all layers, which are in order, the oldest
// first. What is of one version of a package may not differ: ebuilds, their patches and
// distfiles. Nor may the overlay's name and its eclasses, which decide what ebuilds do. Of all
// else the newest counts, such as layout.conf, a package's metadata.xml, and licenses. Some
// files are about all packages and are written again: Manifests, the description of USE flags,
// lists of packages. The error is all that is wrong.
func Union(layers ...Layer) (Tree, error) {
	u := union{out: Tree{}, from: map[string]string{}, dist: map[string]map[string]Distfile{}}
	for _, l := range layers {
		u.add(l)
	}
	for _, l := range slices.Backward(layers) {
		u.cache(l.Tree)
	}
	u.describe(layers)
	if name := strings.TrimSpace(string(u.out["profiles/repo_name"])); name != "" {
		for _, f := range (Overlay{Name: name}).summarize(u.out) {
			u.write(f.Path, f.Data)
		}
	}
	if err := u.record(layers); err != nil {
		u.faults = append(u.faults, err)
	}
	u.manifests()
	return u.out, errors.Join(u.faults...)
}

// A union is layers as they are put together.
type union struct {
	out    Tree
	from   map[string]string              // the layer that has a file of out
	dist   map[string]map[string]Distfile // by package and by name
	again  []string                       // files that were written again
	faults []error
}

// write writes a file again.
func (u *union) write(name string, data []byte) {
	u.out[name], u.again = data, append(u.again, name)
}

func (u *union) fault(format string, args ...any) {
	u.faults = append(u.faults, fmt.Errorf(format, args...))
}

// add adds the files of a layer, but for those that are written again.
func (u *union) add(l Layer) {
	for _, name := range slices.Sorted(maps.Keys(l.Tree)) {
		data := l.Tree[name]
		switch {
		case path.Base(name) == "Manifest":
			if strings.Count(name, "/") == 2 {
				u.distfiles(l, path.Dir(name))
			}
			continue
		case name == recordName || strings.HasPrefix(name, cacheDir):
			continue
		case strings.ContainsFunc(name, unicode.IsSpace) || strings.Contains(name, `\`):
			u.fault("%s: %q: a Manifest cannot list a name with white space or a backslash", l.Name, name)
			continue
		}
		if had, ok := u.out[name]; ok && fixed(name) && !sameButHeader(had, data) {
			u.fault("%s and %s have other files at %s: readers that have the one would never get the other\n"+
				"  Release what changed under a new version", u.from[name], l.Name, name)
			continue
		}
		u.out[name], u.from[name] = data, l.Name
	}
}

// fixed reports whether a file may not differ between layers.
func fixed(name string) bool {
	_, rel, ofPackage := packageFile(name)
	return ofPackage && rel != "metadata.xml" || name == "profiles/repo_name" || strings.HasPrefix(name, "eclass/")
}

// distfiles takes in what a package of a layer fetches.
func (u *union) distfiles(l Layer, dir string) {
	known, err := l.Tree.distfiles(dir)
	if err != nil {
		u.fault("%s: %w", l.Name, err)
	}
	if u.dist[dir] == nil {
		u.dist[dir] = map[string]Distfile{}
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		at := dir + "/Manifest " + name
		if had, ok := u.dist[dir][name]; ok && had != known[name] {
			u.fault("%s and %s fetch other files as %s\n  Release what changed under a new version",
				u.from[at], l.Name, name)
			continue
		}
		u.dist[dir][name], u.from[at] = known[name], l.Name
	}
}

// cache takes in what a layer says of ebuilds that are there as it says.
func (u *union) cache(t Tree) {
	for _, name := range t.Ebuilds() {
		entry := cacheEntry(name)
		data, has := t[entry]
		_, had := u.out[entry]
		if has && !had && bytes.Equal(t[name], u.out[name]) {
			u.out[entry] = data
		}
	}
}

// describe has each package's metadata.xml describe the USE flags of all its ebuilds.
func (u *union) describe(layers []Layer) {
	for _, name := range slices.Sorted(maps.Keys(u.out)) {
		dir, rel, ok := packageFile(name)
		if !ok || rel != "metadata.xml" {
			continue
		}
		flags := map[string]string{}
		for _, l := range layers {
			maps.Copy(flags, l.Tree.described(dir))
		}
		maps.DeleteFunc(flags, func(flag, _ string) bool { return !u.out.hasFlag(dir, flag) })
		if !maps.Equal(flags, u.out.described(dir)) {
			u.write(name, describe(u.out[name], flags))
		}
	}
}

// record records which files were written, and were not changed since.
func (u *union) record(layers []Layer) error {
	written := record{}
	for _, l := range layers {
		of, err := l.Tree.record()
		if err != nil {
			return fmt.Errorf("%s: %w", l.Name, err)
		}
		for name := range of {
			if data, there := u.out[name]; there && !of.edited(name, data) {
				written[name] = mark(data)
			}
		}
	}
	if len(written) == 0 {
		return nil
	}
	for _, name := range u.again {
		written[name] = mark(u.out[name])
	}
	data, err := written.marshal()
	u.out[recordName] = data
	return err
}

// manifests writes the Manifest of each package. Thin ones list only what is fetched.
func (u *union) manifests() {
	files := map[string][]File{}
	for _, name := range slices.Sorted(maps.Keys(u.out)) {
		if dir, rel, ok := packageFile(name); ok {
			files[dir] = append(files[dir], File{rel, u.out[name]})
		}
	}
	for dir, of := range files {
		if u.out.thin() {
			of = nil
		}
		if text := Manifest(of, slices.Collect(maps.Values(u.dist[dir]))); len(text) > 0 {
			u.out[dir+"/Manifest"] = text
		}
	}
}
