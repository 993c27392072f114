package inventory

import (
	"debug/buildinfo"
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/version"
)

// A linked module is one that a binary has.
type linked struct {
	name          string // in a listing
	path, version string // of what is linked: a replacement's, if it has one
	sum           string
	local         bool // it is part of the fork's tree
	vendored      bool // see listed
}

// dir returns where its files are, for messages.
func (m linked) dir(s *build.Session) string {
	if m.local {
		return "the patched tree"
	}
	return filepath.Join(s.Go().GOMODCACHE, filepath.FromSlash(place(m.path, m.version)))
}

// linkedInto returns the modules that are linked into binaries. What a binary without a
// record of them is made of, the listing says: one that was compiled in a GOPATH, or by
// a Go that writes no record.
func linkedInto(b build.Binaries, list listing) ([]linked, error) {
	var out []linked
	for _, binary := range b.All {
		info, err := buildinfo.ReadFile(filepath.Join(b.Dir, binary.File))
		if failed := (*fs.PathError)(nil); errors.As(err, &failed) {
			return nil, err
		}
		if err != nil || info.Main.Path == "" {
			return listedModules(list), nil
		}
		out = append(out, recorded(&info.Main))
		for _, m := range info.Deps {
			out = append(out, recorded(m))
		}
	}
	return out, nil
}

// recorded returns a module as a binary records it.
func recorded(m *debug.Module) linked {
	out := linked{name: m.Path + "@" + m.Version, path: m.Path, version: m.Version, sum: m.Sum}
	if r := m.Replace; r != nil {
		out.path, out.version, out.sum = r.Path, r.Version, r.Sum
	}
	if out.version == "" || out.version == "(devel)" {
		out.name, out.path, out.local, out.version = m.Path, m.Path, true, ""
	}
	return out
}

// listedModules returns all modules of a listing.
func listedModules(list listing) []linked {
	var out []linked
	for _, name := range slices.Sorted(maps.Keys(list)) {
		path, version, there := strings.Cut(name, "@")
		out = append(out, linked{
			name: name, path: path, version: version, sum: list[name].Sum, local: !there, vendored: list[name].Vendored,
		})
	}
	return out
}

// localVersions returns what tells the version of a module of the fork's tree, by its
// path. A module that is published at the upstream's version has the fork's. Another, as
// one of staging, has that of the lock, or else that of the layout of the profile.
func localVersions(f fork.Fork, modules []lock.Module) func(path string) (string, error) {
	whole := "v" + f.Version
	known := map[string]string{}
	for _, m := range modules {
		known[m.Path] = m.Version
	}
	return func(path string) (string, error) {
		v := known[path]
		for _, sibling := range f.Facts.LayoutAt(f.Parsed).Siblings {
			before, after, star := strings.Cut(sibling.Module, "*")
			fits := path == sibling.Module || star && len(path) > len(before)+len(after) &&
				strings.HasPrefix(path, before) && strings.HasSuffix(path, after)
			if v != "" || !fits {
				continue
			}
			var err error
			if v, err = version.Expand(sibling.Version, f.Parsed.Fields()); err != nil {
				return "", err
			}
		}
		if v == "" || v == "v"+f.Parsed.Upstream() {
			return whole, nil
		}
		return v, nil
	}
}
