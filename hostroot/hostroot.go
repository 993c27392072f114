// Package hostroot lays out packages for a host that has no package manager: as the
// files of an image, and the manifest that its installer reads.
//
// Files that packages have below /usr, which may be read-only on such a host, move to
// /etc and /opt, and texts that name them are changed. The user can add files, for all
// roles or for one.
package hostroot

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/installer"
	"github.com/slipway-build/slipway/packaging"
)

// Input is what is laid out.
type Input struct {
	Name     string // of the manifest
	Version  string
	Arch     string                 // Go's name
	Roles    map[string]images.Role // by name
	Packages []packaging.Package    // one that no role names is for all roles
	Programs map[string]Program     // by the file on this machine
	User     fs.FS                  // the user's files: ROLE/PATH, or all/PATH for all roles; nil is none
	UserDir  string                 // the name of that dir, for errors
}

// A Program is an executable of the packages.
type Program struct {
	SHA256 string
	At     string // its path in another layer of the image; empty if no layer has it
}

// all is the dir of the user's files for all roles. A host that has a role of that name
// is everything: it gets the files for each role, too.
const all = "all"

// A place is a path on the hosts of a role.
type place struct{ role, path string }

// An item is an entry of the manifest, and its file in the image, if it needs one.
type item struct {
	entry installer.Entry
	file  *images.File
}

// Lay returns the files of an image, the manifest among them.
func (in Input) Lay() ([]images.File, error) {
	m := installer.Manifest{Name: in.Name, Version: in.Version, Arch: in.Arch, Units: map[string][]string{},
		Checks: map[string]string{}}
	for role, r := range in.Roles {
		m.Units[role] = r.Units
		if r.Check != "" {
			m.Checks[role] = relocate(r.Check)
		}
	}
	items := map[place]item{}
	if err := errors.Join(in.packages(items), in.user(items)); err != nil {
		return nil, err
	}
	var out []images.File
	for _, at := range slices.Sorted(maps.Keys(paths(items))) {
		entries, files := shared(items, at, m.Roles())
		m.Files, out = append(m.Files, entries...), append(out, files...)
	}
	slices.SortFunc(m.Files, func(a, b installer.Entry) int {
		return strings.Compare(a.Path+" "+strings.Join(a.Roles, " "), b.Path+" "+strings.Join(b.Roles, " "))
	})
	data, err := m.Encode()
	return append(out, images.File{Path: "/" + installer.ManifestName, Data: data}), err
}

// shared returns the entries for a path, and their files. Roles that have the same
// entry share it; one that all roles share names none.
func shared(items map[place]item, at string, roles []string) ([]installer.Entry, []images.File) {
	var files []images.File
	entries := map[string]*installer.Entry{} // by all that they say but the roles
	for _, role := range roles {
		it, ok := items[place{role, at}]
		if !ok {
			continue
		}
		same := fmt.Sprintf("%+v", it.entry)
		if e := entries[same]; e != nil {
			e.Roles = append(e.Roles, role)
			continue
		}
		if it.file != nil {
			files = append(files, *it.file)
		}
		it.entry.Roles = []string{role}
		entries[same] = &it.entry
	}
	var out []installer.Entry
	for _, e := range entries {
		if len(e.Roles) == len(roles) {
			e.Roles = nil
		}
		out = append(out, *e)
	}
	return out, files
}

// paths returns the paths of items.
func paths(items map[place]item) map[string]bool {
	out := map[string]bool{}
	for p := range items {
		out[p.path] = true
	}
	return out
}

// packages adds the files of packages that a host gets.
func (in Input) packages(items map[place]item) error {
	moved := map[string]string{}
	named := map[string]bool{}
	for _, pkg := range in.Packages {
		for _, f := range pkg.Files {
			moved[f.Path] = relocate(f.Path)
		}
		for _, r := range in.Roles {
			named[pkg.Name] = named[pkg.Name] || slices.Contains(r.Packages, pkg.Name)
		}
	}
	for _, pkg := range in.Packages {
		for _, f := range pkg.Files {
			if moved[f.Path] == "" {
				continue
			}
			it, err := in.packaged(f, moved)
			if err != nil {
				return fmt.Errorf("package %s: %w", pkg.Name, err)
			}
			for role, r := range in.Roles {
				if !named[pkg.Name] || slices.Contains(r.Packages, pkg.Name) {
					items[place{role, it.entry.Path}] = it
				}
			}
		}
	}
	return nil
}

// packaged returns a package's file as a host gets it.
func (in Input) packaged(f packaging.File, moved map[string]string) (item, error) {
	e := installer.Entry{Path: moved[f.Path], Mode: f.Mode.Perm(), Config: f.Kind == packaging.Config}
	switch {
	case f.Kind == packaging.Folder:
		return item{entry: e}, nil
	case f.Kind == packaging.Link:
		e.Mode, e.Target = 0, f.Target
		if to := moved[f.Target]; to != "" {
			e.Target = to
		}
		return item{entry: e}, nil
	case f.Source == "":
		return text(e, all, rename(f.Data, moved)), nil
	}
	p, ok := in.Programs[f.Source]
	if !ok {
		return item{}, fmt.Errorf("%s: unknown program %s", f.Path, f.Source)
	}
	e.SHA256 = p.SHA256
	if p.At != "" {
		e.From = p.At[1:]
		return item{entry: e}, nil
	}
	at := tree(all, e.Path)
	e.From = at[1:]
	return item{e, &images.File{Path: at, Mode: 0o755, Source: f.Source, Guest: true}}, nil
}

// user adds the user's files. They replace a package's file at the same place.
func (in Input) user(items map[place]item) error {
	if in.User == nil {
		return nil
	}
	roles := slices.Sorted(maps.Keys(in.Roles))
	each := slices.DeleteFunc(slices.Clone(roles), func(role string) bool { return role == all })
	for _, from := range append([]string{all}, each...) { // those for one role replace those for all
		to := []string{from}
		if from == all {
			to = roles
		} else if _, ok := in.Roles[all]; ok {
			to = append(to, all)
		}
		err := fs.WalkDir(in.User, from, func(name string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) && name == from {
				return nil
			} else if err != nil || d.IsDir() {
				return err
			}
			it, err := in.userFile(name, from)
			for _, role := range to {
				items[place{role, it.entry.Path}] = it
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", in.UserDir, err)
		}
	}
	others, err := fs.ReadDir(in.User, ".")
	for _, d := range others {
		if d.Name() != all && in.Roles[d.Name()].Units == nil && in.Roles[d.Name()].Packages == nil {
			err = errors.Join(err, fmt.Errorf("%s/%s is not the name of a role: want a dir called %s, or %s for all roles",
				in.UserDir, d.Name(), strings.Join(roles, ", "), all))
		}
	}
	return err
}

// userFile returns a file of the user. One whose name ends in .tmpl is a template, and
// is installed without that ending.
func (in Input) userFile(name, role string) (item, error) {
	info, err := fs.Stat(in.User, name)
	if err != nil {
		return item{}, err
	}
	data, err := fs.ReadFile(in.User, name)
	e := installer.Entry{Path: strings.TrimPrefix(name, role), Mode: 0o644}
	if info.Mode()&0o111 != 0 {
		e.Mode = 0o755
	}
	e.Path, e.Template = strings.CutSuffix(e.Path, ".tmpl")
	e.Config = strings.HasPrefix(e.Path, "/etc/")
	return text(e, role, data), err
}

// text returns an item whose content is data.
func text(e installer.Entry, role string, data []byte) item {
	sum := sha256.Sum256(data)
	at := tree(role, e.Path)
	e.From, e.SHA256 = at[1:], hex.EncodeToString(sum[:])
	return item{e, &images.File{Path: at, Data: data}}
}

// tree returns the path in the image of the file for a path on a host.
func tree(role, at string) string { return path.Join("/tree", role, at) }

// moves are the dirs below /usr, which may be read-only on a host, and what replaces
// each. Files in others are not installed.
var moves = [][2]string{
	{"/usr/lib/systemd/system/", "/etc/systemd/system/"},
	{"/usr/lib/systemd/system-generators/", "/etc/systemd/system-generators/"},
	{"/usr/lib/modules-load.d/", "/etc/modules-load.d/"},
	{"/usr/lib/sysctl.d/", "/etc/sysctl.d/"},
	{"/usr/lib/sysusers.d/", "/etc/sysusers.d/"},
	{"/usr/lib/tmpfiles.d/", "/etc/tmpfiles.d/"},
	{"/usr/bin/", "/opt/bin/"},
	{"/usr/sbin/", "/opt/sbin/"},
	{"/usr/libexec/", "/opt/libexec/"},
}

// relocate returns the path on a host of a package's file, or "" if it gets none.
func relocate(at string) string {
	for _, m := range moves {
		if rest, ok := strings.CutPrefix(at, m[0]); ok {
			return m[1] + rest
		}
	}
	if defaults.MatchString(at) {
		return "/opt" + strings.TrimPrefix(at, "/usr")
	}
	if strings.HasPrefix(at, "/usr/") {
		return ""
	}
	return at
}

// defaults matches the files with services' defaults.
var defaults = regexp.MustCompile(`^/usr/lib/[^/]+/[^/]+\.options$`)

// inName matches what can be the rest of a path's last name.
var inName = regexp.MustCompile(`^[\pL\pN._@/+~-]+`)

// rename returns a text with the paths of packages' files changed to those on a host.
func rename(data []byte, moved map[string]string) []byte {
	longest := slices.SortedFunc(maps.Keys(moved), func(a, b string) int {
		return cmp.Or(len(b)-len(a), strings.Compare(a, b))
	})
	var out []byte
	for {
		i := bytes.Index(data, []byte("/usr/"))
		if i < 0 {
			return append(out, data...)
		}
		out, data = append(out, data[:i]...), data[i:]
		at := string(inName.Find(data))
		to := at
		for _, path := range longest {
			if bytes.HasPrefix(data, []byte(path)) && !inName.Match(data[len(path):]) {
				at, to = path, cmp.Or(moved[path], path)
				break
			}
		}
		out, data = append(out, to...), data[len(at):]
	}
}
