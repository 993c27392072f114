package tarball

import (
	"cmp"
	"errors"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/glob"
	"github.com/slipway-build/slipway/tarballs"
)

// A composer knows where on this machine everything is that tarballs hold.
type composer struct {
	inputs
	tree     filetree.Dir
	tarballs string // folder of the tarballs that are made already
	archives string // folder of the images, as docker load reads them
}

// compose returns the files of a tarball, sorted.
func (c composer) compose(t planned) ([]tarballs.File, error) {
	all := map[string]tarballs.File{}
	for _, part := range t.parts {
		list, err := c.part(part)
		if err != nil {
			return nil, err
		}
		for _, f := range list {
			f.Path = path.Join(t.folder, f.Path)
			all[f.Path] = f
		}
	}
	var out []tarballs.File
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, all[name])
	}
	return out, nil
}

// part returns the files of a part.
func (c composer) part(p part) ([]tarballs.File, error) {
	switch {
	case p.Tree != "":
		return c.treeFiles(p)
	case p.Text != "":
		return []tarballs.File{tarballs.Text(p.To, p.Text)}, nil
	case p.Link != "":
		return []tarballs.File{tarballs.Link(p.To, p.Link)}, nil
	case p.Empty:
		return []tarballs.File{tarballs.Folder(p.To)}, nil
	}
	out := append(c.programs(p), c.images(p)...)
	for _, file := range p.Tarballs {
		out = append(out, tarballs.File{Path: path.Join(p.To, file), Mode: 0o644, From: filepath.Join(c.tarballs, file)})
	}
	return out, nil
}

// programs returns the binaries, and links by the names of a multi-call one.
func (c composer) programs(p part) []tarballs.File {
	var out []tarballs.File
	built := c.built[p.Platform]
	for _, component := range p.Components {
		out = append(out, tarballs.File{
			Path: path.Join(p.To, built.Get(component).File), Mode: 0o755, From: built.Path(component),
		})
	}
	for link, component := range p.Aliases {
		file := built.Get(component).File
		out = append(out, tarballs.Link(path.Join(p.To, link+path.Ext(file)), file))
	}
	return out
}

// images returns the archives of the images that the fork has, each with a file that says
// its tag.
func (c composer) images(p part) []tarballs.File {
	var out []tarballs.File
	for name := range p.Images {
		if _, digest := c.image(name, p.On); digest != "" {
			at := path.Join(p.To, name)
			out = append(out, tarballs.Text(at+".docker_tag", c.inputs.images.Tag+"\n"),
				tarballs.File{Path: at + ".tar", Mode: 0o644, From: filepath.Join(c.archives, archiveName(name, p.On))})
		}
	}
	return out
}

// treeFiles returns files of the patched tree.
func (c composer) treeFiles(p part) ([]tarballs.File, error) {
	chosen, err := p.choose(c.tree.Tree)
	if err != nil {
		return nil, err
	}
	var out []tarballs.File
	for to, name := range chosen {
		f, err := c.treeFile(name, to)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// choose returns the files of a tree that a part has, by their paths in the tarball.
func (p part) choose(tree filetree.Tree) (map[string]string, error) {
	out := map[string]string{}
	for _, name := range p.Files {
		out[path.Join(p.To, path.Base(name))] = path.Join(p.Tree, name)
	}
	if len(p.Files) > 0 {
		return out, nil
	}
	to := cmp.Or(p.To, p.Tree)
	if _, ok := tree.Lookup(p.Tree); ok {
		return map[string]string{to: p.Tree}, nil
	}
	only, err1 := glob.Matcher(p.Only)
	without, err2 := glob.Matcher(p.Without)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	for _, e := range tree.Below(p.Tree) {
		rel := e.Path
		if p.Tree != "." {
			rel = strings.TrimPrefix(e.Path, p.Tree+"/")
		}
		if (len(p.Only) == 0 || only(rel)) && !without(rel) {
			out[path.Join(to, rel)] = e.Path
		}
	}
	return out, nil
}

// treeFile returns a file of the patched tree, by another path.
func (c composer) treeFile(name, to string) (tarballs.File, error) {
	e, _ := c.tree.Tree.Lookup(name)
	at := filepath.Join(c.tree.Path, filepath.FromSlash(name))
	switch e.Mode {
	case filetree.Link:
		target, err := os.Readlink(at)
		return tarballs.Link(to, target), err
	case filetree.Executable:
		return tarballs.File{Path: to, Mode: 0o755, From: at}, nil
	}
	return tarballs.File{Path: to, Mode: 0o644, From: at}, nil
}
