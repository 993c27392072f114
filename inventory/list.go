package inventory

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/cross"
)

// A listing is modules by their names: path@version, or the path alone of one of the
// fork's tree.
type listing map[string]listed

// A listed module is one as the go command lists it.
type listed struct {
	Name     string
	Sum      string   // h1:…, "" where it is not known
	Root     string   `json:",omitempty"` // its folder in the module cache, with slashes; "" if it is in the tree
	Dirs     []string `json:",omitempty"` // of it, those that are linked, with slashes, sorted; none if it is in the tree
	Licenses []string `json:",omitempty"` // if it is in the tree
	Vendored bool     `json:",omitempty"` // it is somebody else's, in a GOPATH
}

// add adds the modules of another listing. Platforms link other folders of a module.
func (l listing) add(o listing) {
	for name, m := range o {
		m.Dirs = append(slices.Clone(m.Dirs), l[name].Dirs...)
		m.Licenses = append(slices.Clone(m.Licenses), l[name].Licenses...)
		slices.Sort(m.Dirs)
		slices.Sort(m.Licenses)
		m.Dirs, m.Licenses = slices.Compact(m.Dirs), slices.Compact(m.Licenses)
		l[name] = m
	}
}

// listStage lists the modules that components are made of, with the licenses of those in
// the tree.
var listStage = build.Stage[listInput, listing]{
	Name: "modules", Revision: 1, Keep: 16, Run: writeListing, Read: build.ReadJSON[listing](listingFile),
}

const listingFile = "modules.json"

// listInput says of which components.
type listInput struct {
	Components []cross.Component
	Tree       string
	Platform   string
	GOPATH     string
	Tags       []string
	in         cross.Input
}

// listInputOf returns the input for the components of binaries.
func listInputOf(s *build.Session, b build.Binaries) (listInput, error) {
	in, _, err := s.Input(b.Platform)
	if err != nil {
		return listInput{}, err
	}
	out := listInput{Tree: in.Tree, Platform: b.Platform.String(), GOPATH: in.GOPATH, Tags: in.Tags, in: in}
	for _, binary := range b.All {
		c, err := s.Fork().Component(binary.Component)
		if err != nil {
			return listInput{}, err
		}
		out.Components = append(out.Components, c)
	}
	return out, nil
}

// writeListing writes the listing to dst.
func writeListing(ctx context.Context, s *build.Session, in listInput, dst string) error {
	tree, err := s.Patched(ctx)
	if err != nil {
		return err
	}
	packages, err := cross.Builder{Go: s.Go()}.Packages(ctx, in.in, tree, in.Components)
	if err != nil {
		return err
	}
	if in.GOPATH != "" {
		if packages, err = vendored(packages, tree.Path, in.GOPATH); err != nil {
			return err
		}
	}
	for i, p := range packages {
		if !strings.Contains(p.Module, "@") {
			packages[i].Root = tree.Path // a text beside the root's go.mod counts for all of the tree
		}
	}
	found, err := list(packages, s.Go().GOMODCACHE)
	if err != nil {
		return err
	}
	for name, m := range found {
		m.Vendored = in.GOPATH != "" && name != in.GOPATH
		found[name] = m
	}
	return build.WriteJSON(dst, listingFile, found)
}

// list returns the modules of packages, which are in the tree or in the module cache.
func list(packages []cross.Package, cache string) (listing, error) {
	out := listing{}
	var local []cross.Package
	for _, p := range packages {
		m := out[p.Module]
		m.Name, m.Sum = p.Module, p.Sum
		if root, err := filepath.Rel(cache, p.Root); err == nil && filepath.IsLocal(root) {
			dir, err := filepath.Rel(p.Root, p.Dir)
			if err != nil {
				return nil, err
			}
			m.Root, m.Dirs = filepath.ToSlash(root), append(m.Dirs, filepath.ToSlash(dir))
		} else {
			local = append(local, p)
		}
		out[p.Module] = m
	}
	found, err := Detect(local)
	for name, m := range out {
		slices.Sort(m.Dirs)
		m.Licenses = found[name]
		out[name] = m
	}
	return out, err
}
