package packaging

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/shell"
	"github.com/slipway-build/slipway/version"
)

// contents are the files of one package by path.
type contents map[string]File

func (c contents) add(files []File) error {
	for _, f := range files {
		if old, ok := c[f.Path]; ok {
			return fmt.Errorf("%s is in it twice: as a %v and as a %v", f.Path, old.Kind, f.Kind)
		}
		c[f.Path] = f
	}
	return nil
}

// sorted returns the files by path.
func (c contents) sorted() []File {
	var out []File
	for _, at := range slices.Sorted(maps.Keys(c)) {
		out = append(out, c[at])
	}
	return out
}

// contents returns the files of a recipe's package with the fork's options, and which
// other packages of the fork it needs.
func (in Input) contents(r Recipe) (contents, []Relation, error) {
	files, needs, err := in.files(r)
	if err != nil {
		return nil, nil, err
	}
	return files, needs, files.setOptions(r.Name, in.Family.Options, in.Settings.Options[r.Name])
}

// files returns the files of a recipe's package, and which other packages of the fork
// it needs.
func (in Input) files(r Recipe) (contents, []Relation, error) {
	files, needs, err := in.programFiles(r)
	if err != nil {
		return nil, nil, err
	}
	sources, err := in.sourceFiles(r)
	if err != nil {
		return nil, nil, err
	}
	documents, err := in.documentFiles(r)
	if err != nil {
		return nil, nil, err
	}
	out := contents{}
	for _, files := range [][]File{files, sources, documents} {
		if err := out.add(files); err != nil {
			return nil, nil, err
		}
	}
	if err := in.addUserFiles(r.Name, out); err != nil {
		return nil, nil, err
	}
	return out, needs, nil
}

// programFiles returns the binaries, or links to the one that is all of them and
// the package that has it.
func (in Input) programFiles(r Recipe) (files []File, needs []Relation, err error) {
	for _, program := range slices.Sorted(maps.Keys(r.Programs)) {
		to := r.Programs[program]
		binary := in.Binaries[program]
		switch {
		case in.Component(program) != program:
			m := in.Multicall(program)
			needs = append(needs, self(m.Package))
			files = append(files, m.called(program, to))
		case binary == "":
			return nil, nil, fmt.Errorf("component %s is not built for %s", program, in.Platform)
		default:
			files = append(files, File{Path: to, Mode: 0o755, Source: binary})
		}
	}
	for _, m := range in.multicalls() {
		if m.Package == r.Name {
			files = append(files, m.links()...)
		}
	}
	return files, needs, nil
}

// links returns the names that the component is called by, beside it.
func (m *Multicall) links() []File {
	var out []File
	for _, name := range slices.Sorted(maps.Values(m.Programs)) {
		at := path.Join(path.Dir(m.Path), name)
		out = append(out, File{Path: at, Kind: Link, Mode: 0o777, Target: path.Base(m.Path)})
	}
	return out
}

// called returns the file that is one of the programs: a link whose name the
// component knows, or a script where it knows another name.
func (m *Multicall) called(program, to string) File {
	name := m.Programs[program]
	if name != path.Base(to) {
		script := fmt.Appendf(nil, "#!/bin/sh\nexec %s %s \"$@\"\n", shell.Quote(m.Path), shell.Quote(name))
		return File{Path: to, Mode: 0o755, Data: script}
	}
	target, err := filepath.Rel(path.Dir(to), path.Join(path.Dir(m.Path), name))
	if err != nil {
		panic(err) // both are absolute
	}
	return File{Path: to, Kind: Link, Mode: 0o777, Target: target}
}

// fields are what the templates of the profile's files know.
type fields struct {
	version.Fields
	Options string // folder of the files with a service's options
	Family  string
}

func (in Input) fields() fields {
	return fields{in.Version.Fields(), in.Family.Options, in.Family.Name}
}

// What is in front of a name says where a file is from, other than the profile's folder.
const (
	treeFile  = "tree:"  // a file of the patched tree
	imageFile = "image:" // an image of the fork, for the package's platform
)

// sourceFiles returns the profile's files and folders.
func (in Input) sourceFiles(r Recipe) ([]File, error) {
	known := in.fields()
	var out []File
	for _, to := range slices.Sorted(maps.Keys(r.Files)) {
		if in.Family.Portable && r.image(to) != "" {
			continue
		}
		at, err := version.Expand(to, known)
		if err != nil {
			return nil, fmt.Errorf("files: %w", err)
		}
		if folder, ok := strings.CutSuffix(at, "/"); ok {
			out = append(out, File{Path: folder, Kind: Folder, Mode: 0o755})
			continue
		}
		data, err := in.source(r.Files[to], known)
		if err == nil && path.Ext(at) == ".gz" {
			data, err = Gzip(data)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
		out = append(out, placed(at, data))
	}
	return out, nil
}

// knownImages says which images packages can have in them.
func (in Input) knownImages() string {
	return "of the images that consist of Slipway's own programs, this version has " + list(in.Images)
}

// source returns the content of a file of the profile, filled in, or of the
// patched tree, or an image.
func (in Input) source(from string, known fields) ([]byte, error) {
	if name, ok := strings.CutPrefix(from, imageFile); ok {
		if !slices.Contains(in.Images, name) {
			return nil, fmt.Errorf("%s: unknown image; %s", from, in.knownImages())
		}
		return in.Image(name)
	}
	if name, ok := strings.CutPrefix(from, treeFile); ok {
		return in.Tree(name)
	}
	data, err := fs.ReadFile(in.Sources, from)
	if err != nil {
		return nil, err
	}
	filled, err := version.Expand(string(data), known)
	return []byte(filled), err
}

// placed returns a file with the kind that its place, and the mode that its
// content asks for.
func placed(at string, data []byte) File {
	f := File{Path: at, Mode: 0o644, Data: data}
	if strings.HasPrefix(at, "/etc/") {
		f.Kind = Config
	}
	if bytes.HasPrefix(data, []byte("#!")) {
		f.Mode = 0o755
	}
	return f
}

// addUserFiles adds the fork's files for the package, and replaces those of files
// that packages.replace lists.
func (in Input) addUserFiles(pkg string, files contents) error {
	replace := slices.Clone(in.Settings.Replace[pkg])
	names, err := UserFiles(in.User, in.UserDir, pkg)
	if err != nil {
		return err
	}
	for _, name := range names {
		at := strings.TrimPrefix(name, pkg)
		if !clean(at) {
			return fmt.Errorf("%q is not a path from the root", at)
		}
		_, made := files[at]
		i := slices.Index(replace, at)
		switch {
		case made && i < 0:
			return fmt.Errorf("%s/%s would replace what Slipway makes: "+
				"to allow that, add %s to packages.replace.%s in fork.yaml", in.UserDir, name, at, pkg)
		case !made && i >= 0:
			return fmt.Errorf("packages.replace.%s: the package has no %s to replace: remove it", pkg, at)
		case i >= 0:
			replace = slices.Delete(replace, i, i+1)
		}
		if files[at], err = in.userFile(name, at); err != nil {
			return err
		}
	}
	if len(replace) > 0 {
		return fmt.Errorf("packages.replace.%s: %s/%s%s is missing", pkg, in.UserDir, pkg, replace[0])
	}
	return nil
}

func (in Input) userFile(name, at string) (File, error) {
	data, err := fs.ReadFile(in.User, name)
	if err != nil {
		return File{}, err
	}
	info, err := fs.Stat(in.User, name)
	if err != nil {
		return File{}, err
	}
	f := placed(at, data)
	if info.Mode()&0o111 != 0 {
		f.Mode = 0o755
	}
	return f, nil
}

// UserFiles returns the names of the files below a folder of user, none if the folder does
// not exist. Errors call user dir.
func UserFiles(user fs.FS, dir, folder string) ([]string, error) {
	if user == nil {
		return nil, nil
	}
	var out []string
	err := fs.WalkDir(user, folder, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := fs.Stat(user, name)
		switch {
		case e.Type().IsRegular():
		case e.Type() == fs.ModeSymlink && (err != nil || !info.Mode().IsRegular()):
			return fmt.Errorf("%s is a link, but not to a file: what is taken is the file that a link of this folder leads to, "+
				"never a link", name)
		case e.Type() != fs.ModeSymlink:
			return fmt.Errorf("%s is neither a file nor a link to one", name)
		}
		out = append(out, name)
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return out, nil
}

// userPackages returns the packages that the fork has files for.
func (in Input) userPackages() ([]string, error) {
	if in.User == nil {
		return nil, nil
	}
	entries, err := fs.ReadDir(in.User, ".")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if e.Name() != Installer && e.Name() != Images {
			out = append(out, e.Name())
		}
	}
	return out, nil
}

// The folders of the fork's files that are not named after a package: for hosts without a
// package manager, and for images.
const (
	Installer = "installer"
	Images    = "images"
)
