// Package installer brings Kubernetes into a host that has no package manager, and takes it away again. An image holds
// what is installed, with a manifest that says where each file goes; the program cmd/installer in it does the work.
package installer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// ManifestName is the manifest's name in the image.
const ManifestName = "manifest.json"

// A Manifest is what an image installs.
type Manifest struct {
	Name    string              `json:"name"` // what the host knows it by: a host can have several
	Version string              `json:"version"`
	Arch    string              `json:"arch"` // as Go calls it: amd64
	Files   []Entry             `json:"files"`
	Units   map[string][]string `json:"units"` // role to the units that it enables and starts; its keys are the roles there are
	// Checks maps a role to the path of one of its files: a shell script that, with the argument --check, says
	// what a host lacks for the role, and fails if it cannot have it.
	Checks map[string]string `json:"checks,omitempty"`
}

// An Entry is a file (it has a From), a link (it has a Target) or a folder (it
// has neither).
type Entry struct {
	Path     string      `json:"path"`               // absolute, on the host
	From     string      `json:"from,omitempty"`     // in the image, relative to its root
	Target   string      `json:"target,omitempty"`   // as the link says it
	Mode     fs.FileMode `json:"mode,omitempty"`     // permission bits only; links have none
	SHA256   string      `json:"sha256,omitempty"`   // of From, in hex
	Template bool        `json:"template,omitempty"` // From is a text/template of the host's facts
	Config   bool        `json:"config,omitempty"`   // the operator's changes stay
	Roles    []string    `json:"roles,omitempty"`    // none are all
}

// ReadManifest reads and checks an image's manifest.
func ReadManifest(image fs.FS) (Manifest, error) {
	var m Manifest
	data, err := fs.ReadFile(image, ManifestName)
	if err != nil {
		return m, fmt.Errorf("%w: is this the installer's image?", err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return m, fmt.Errorf("%s: %w", ManifestName, err)
	}
	return m, m.Check()
}

// Encode checks the manifest and returns it as ReadManifest reads it, its files
// sorted by path.
func (m Manifest) Encode() ([]byte, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	m.Files = slices.SortedStableFunc(slices.Values(m.Files), func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	data, err := json.MarshalIndent(m, "", "\t")
	return append(data, '\n'), err
}

var (
	sum      = regexp.MustCompile(`^[0-9a-f]{64}$`)
	unitName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9:_.@\\-]*\.(service|socket|timer|path|mount|target|slice)$`)
	setName  = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)
	roleName = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
)

// Check returns all that is wrong with a manifest.
func (m Manifest) Check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(ManifestName+": "+format, args...)) }
	for _, field := range []struct{ name, value string }{{"name", m.Name}, {"version", m.Version}, {"arch", m.Arch}} {
		if field.value == "" {
			bad("it has no %s", field.name)
		}
	}
	if len(m.Units) == 0 {
		bad("it has no roles: name them as keys of units, if only with empty lists")
	}
	if m.Name != "" && !setName.MatchString(m.Name) {
		bad("name: %q cannot be a folder's", m.Name)
	}
	for _, role := range m.Roles() {
		if !roleName.MatchString(role) {
			bad("units: %q cannot be a role's name", role)
		}
		for _, unit := range m.Units[role] {
			if !unitName.MatchString(unit) {
				bad("units of %s: %q cannot be a unit's name", role, unit)
			}
		}
		files := m.role(role)
		at := m.Checks[role]
		is := func(e Entry) bool { return e.Path == at && e.kind() == file && !e.Template }
		if at != "" && !slices.ContainsFunc(files, is) {
			bad("checks of %s: %s is not a file of the role", role, at)
		}
		for i, e := range files {
			if i > 0 && files[i-1].Path == e.Path {
				bad("%s is listed twice for role %s", e.Path, role)
			}
			for dir := path.Dir(e.Path); dir != "/" && dir != "."; dir = path.Dir(dir) {
				if j, ok := slices.BinarySearchFunc(files, dir, func(e Entry, p string) int { return strings.Compare(e.Path, p) }); ok && files[j].kind() != folder {
					bad("%s is below %s, which is a %s", e.Path, dir, files[j].kind())
				}
			}
		}
	}
	for _, e := range m.Files {
		for _, fault := range e.faults(m.Roles()) {
			bad("%s: %s", e.Path, fault)
		}
	}
	return errors.Join(errs...)
}

// Roles returns the roles that the image has, sorted.
func (m Manifest) Roles() []string { return slices.Sorted(maps.Keys(m.Units)) }

// role returns the entries that a role has, sorted by path.
func (m Manifest) role(role string) []Entry {
	out := slices.DeleteFunc(slices.Clone(m.Files), func(e Entry) bool { return len(e.Roles) > 0 && !slices.Contains(e.Roles, role) })
	slices.SortFunc(out, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	return out
}

func (e Entry) kind() string {
	switch {
	case e.From != "":
		return file
	case e.Target != "":
		return link
	}
	return folder
}

func (e Entry) faults(roles []string) []string {
	var out []string
	for _, c := range []struct {
		wrong bool
		what  string
	}{
		{!path.IsAbs(e.Path) || path.Clean(e.Path) != e.Path || e.Path == "/" || strings.ContainsRune(e.Path, 0), "want an absolute path without . or .."},
		{e.Path == stateDir || strings.HasPrefix(e.Path, stateDir+"/"), stateDir + " is the installer's own"},
		{strings.HasSuffix(e.Path, savedSuffix) || strings.HasSuffix(e.Path, asideSuffix), "names that end so are the installer's own"},
		{e.From != "" && e.Target != "", "it is both a file and a link: leave out from or target"},
		{e.From != "" && !fs.ValidPath(e.From), "from " + e.From + " leads out of the image"},
		{e.From != "" && !sum.MatchString(e.SHA256), "sha256 is not 64 hex digits"},
		{e.From == "" && (e.Template || e.Config || e.SHA256 != ""), "only a file can have a sha256, or be a template or config"},
		{e.Mode&^0o777 != 0, "mode has more than permission bits"},
		{e.Target == "" && e.Mode == 0, "it has no mode"},
		{slices.ContainsFunc(e.Roles, func(r string) bool { return !slices.Contains(roles, r) }), "it is for a role that units lacks"},
	} {
		if c.wrong {
			out = append(out, c.what)
		}
	}
	return out
}
