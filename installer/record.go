package installer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// stateDir is the installer's own on a host.
const stateDir = "/var/lib/slipway"

// RecordPath returns where a host keeps what is installed under a manifest's name.
func RecordPath(name string) string { return path.Join(stateDir, name+".json") }

// JournalPath returns where that record is while an install is under way: it
// stands on top of the other.
func JournalPath(name string) string { return path.Join(stateDir, name+".json.installing") }

// A record is what the installer put into a host. While it works it is a
// journal that stands there first: it has all that may already have been done.
type record struct {
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Role    string   `json:"role"`
	Items   []item   `json:"items"` // sorted by path
	Units   []unit   `json:"units,omitempty"`
	Restart []string `json:"restart,omitempty"` // running units that are still to be restarted; only a journal has some
}

// An item is a file, link or folder that the installer made.
type item struct {
	Path  string  `json:"path"`            // on the host, no parent of it a link
	Ours  []state `json:"ours"`            // what the installer wrote there; a journal has more than one
	Saved string  `json:"saved,omitempty"` // where what stood there before it lies
}

// A state is what stands under a name. That of a name that is free is zero.
type state struct {
	Kind   string      `json:"kind"`
	Mode   fs.FileMode `json:"mode,omitempty"`
	SHA256 string      `json:"sha256,omitempty"`
	Target string      `json:"target,omitempty"`
}

// The kinds of state.
const (
	file   = "file"
	link   = "link"
	folder = "folder"
	other  = "device, pipe or socket"
)

// A unit is one that the installer enabled, and what it was before.
type unit struct {
	Name    string `json:"name"`
	Enabled bool   `json:"was_enabled,omitempty"`
	Active  bool   `json:"was_active,omitempty"`
	Ready   bool   `json:"ready,omitempty"` // enabled and started: from then on it is the operator's to stop
}

func (r record) find(path string) (item, bool) {
	i, ok := slices.BinarySearchFunc(r.Items, path, func(it item, p string) int { return strings.Compare(it.Path, p) })
	if !ok {
		return item{}, false
	}
	return r.Items[i], true
}

func (r record) unit(name string) (unit, bool) {
	i := slices.IndexFunc(r.Units, func(u unit) bool { return u.Name == name })
	if i < 0 {
		return unit{}, false
	}
	return r.Units[i], true
}

// journal returns a record of all that old or r may have put into the host.
func (r record) journal(old record) record {
	items := slices.Clone(r.Items)
	for i, it := range items {
		was, _ := old.find(it.Path)
		for _, s := range was.Ours {
			if !slices.Contains(it.Ours, s) {
				items[i].Ours = append(slices.Clip(items[i].Ours), s)
			}
		}
	}
	for _, it := range old.Items {
		if _, ok := r.find(it.Path); !ok {
			items = append(items, it)
		}
	}
	slices.SortFunc(items, func(a, b item) int { return strings.Compare(a.Path, b.Path) })
	units := slices.Clone(r.Units)
	for i := range units {
		was, _ := old.unit(units[i].Name)
		units[i].Ready = was.Ready
	}
	for _, u := range old.Units {
		if _, ok := r.unit(u.Name); !ok {
			units = append(units, u)
		}
	}
	r.Items, r.Units = items, units
	return r
}

// folders returns those that are recorded under other names.
func (p *plan) folders() (record, error) {
	var out record
	names, err := fs.Glob(p.root.FS(), path.Join(p.dir, "*.json"))
	for _, name := range names {
		if path.Base(name) == path.Base(RecordPath(p.name)) {
			continue
		}
		data, err := p.root.ReadFile(name)
		if err != nil {
			return out, err
		}
		var r record
		if err := json.Unmarshal(data, &r); err != nil {
			return out, fmt.Errorf("/%s is damaged: %w", name, err)
		}
		for _, it := range r.Items {
			if slices.ContainsFunc(it.Ours, func(s state) bool { return s.Kind == folder }) {
				out.Items = append(out.Items, it)
			}
		}
	}
	slices.SortFunc(out.Items, func(a, b item) int { return strings.Compare(a.Path, b.Path) })
	return out, err
}

// record reads what is installed, and whether its install came to no end.
func (p *plan) record() (r record, pending bool, err error) {
	for i, at := range []string{JournalPath(p.name), RecordPath(p.name)} {
		data, err := p.root.ReadFile(path.Join(p.dir, path.Base(at)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return r, false, err
		}
		if err := json.Unmarshal(data, &r); err != nil {
			return r, false, fmt.Errorf("%s is damaged: %w", at, err)
		}
		// Folders may have become links since.
		for k := range r.Items {
			name, err := p.resolve(r.Items[k].Path)
			if err != nil {
				return r, false, err
			}
			r.Items[k].Path = "/" + name
		}
		slices.SortFunc(r.Items, func(a, b item) int { return strings.Compare(a.Path, b.Path) })
		return r, i == 0, nil
	}
	return r, false, nil
}

// writeRecord writes a record under a path of stateDir.
func (p *plan) writeRecord(at string, r record) error {
	if !p.exists(p.dir) {
		if err := p.makeFolder(p.dir, 0o755); err != nil {
			return err
		}
	}
	data, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return p.writeFile(path.Join(p.dir, path.Base(at)), 0o644, func(w io.Writer) error {
		_, err := w.Write(append(data, '\n'))
		return err
	})
}
