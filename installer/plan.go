package installer

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// A plan is all that is to be done, found out before anything is.
type plan struct {
	*host
	name    string // of what is installed
	dir     string // stateDir on the host
	source  source
	old     record
	pending bool   // old is a journal: its install came to no end
	others  record // the folders that were made for what else is installed: whoever goes last takes them
	new     record
	steps   []step
	notes   []string // what is left alone, and why
	faults  []error
	seen    map[string]string   // name on the host to the manifest's path
	changed map[string]bool     // host paths that are written or removed
	leads   map[string][]string // host path to the paths that it names
}

// A step is one change of the host.
type step struct {
	what string // a verb and its object
	do   func() error
}

func (p *plan) step(verb, object string, do func() error) {
	p.steps = append(p.steps, step{fmt.Sprintf("%-8s%s", verb, object), do})
}

func (p *plan) note(format string, args ...any) {
	p.notes = append(p.notes, fmt.Sprintf(format, args...))
}

func (p *plan) fault(format string, args ...any) {
	p.faults = append(p.faults, fmt.Errorf(format, args...))
}

// entries plans what brings a role's entries into the host.
func (p *plan) entries(entries []Entry) error {
	for _, e := range entries {
		want := state{Kind: e.kind(), Mode: e.Mode, SHA256: e.SHA256, Target: e.Target}
		var data []byte
		if e.Target != "" {
			want.Mode = 0
		}
		if e.Template {
			var err error
			if data, want.SHA256, err = p.source.render(e); err != nil {
				p.faults = append(p.faults, err)
				continue
			}
		}
		if err := p.place(e, want, data); err != nil {
			return err
		}
	}
	slices.SortFunc(p.new.Items, func(a, b item) int { return strings.Compare(a.Path, b.Path) })
	return errors.Join(p.faults...)
}

// place plans what makes an entry stand on the host. Whatever stands there and
// is not the installer's is never lost: a config file stays, anything else is
// saved.
func (p *plan) place(e Entry, want state, data []byte) error {
	name, err := p.resolve(e.Path)
	if err != nil {
		return err
	}
	if first, twice := p.seen[name]; twice && want.Kind == folder {
		return nil
	} else if twice {
		p.fault("%s and %s are one and the same on this host: leave one out", first, e.Path)
		return nil
	}
	p.seen[name] = e.Path
	have, err := p.state(name)
	if err == nil {
		err = p.parents(name)
	}
	if err != nil {
		return err
	}
	it, known := p.known(name)
	mine := p.mine(it, have)
	p.leads["/"+name] = p.names(e, name, data)
	switch {
	case have.Kind == want.Kind && want.Kind == folder:
		if mine && have != want {
			p.step("chmod", e.Path, func() error { return p.chmod(name, want.Mode) })
			it.Ours = []state{want}
		}
		if known {
			p.new.Items = append(p.new.Items, it)
		}
		return nil
	case have == want:
		if known { // else it stood there before, and uninstalling leaves it
			it.Ours = []state{want}
			p.new.Items = append(p.new.Items, it)
		}
		return nil
	case have.Kind == other, have.Kind == folder, have.Kind != "" && want.Kind == folder:
		p.fault("%s is a %s on the host and a %s in the image: move it away, or uninstall first", e.Path, have.Kind, want.Kind)
		return nil
	case e.Config && have.Kind != "" && !mine:
		if known {
			p.new.Items = append(p.new.Items, it)
		}
		if have.Kind == file && have.SHA256 == want.SHA256 {
			return nil
		}
		p.note("kept %s, which is not as Slipway wrote it: the new one is %[1]s.new", e.Path)
		e.Path, e.Config = e.Path+".new", false
		return p.place(e, want, data)
	case have.Kind != "" && !mine:
		if it.Saved, err = p.keep(e.Path, name, it); err != nil {
			return err
		}
	}
	it.Path, it.Ours = "/"+name, []state{want}
	p.new.Items = append(p.new.Items, it)
	p.put(e, name, want, data)
	return nil
}

// known returns what is recorded of a name: by this install, or of a folder by
// others.
func (p *plan) known(name string) (item, bool) {
	if it, ok := p.old.find("/" + name); ok {
		return it, true
	}
	return p.others.find("/" + name)
}

// mine reports whether what stands under an item's path is the installer's. If
// what was saved is there no more, it may be that it was put back already.
func (p *plan) mine(it item, have state) bool {
	return slices.Contains(it.Ours, have) && (it.Saved == "" || p.exists(it.Path[1:]+savedSuffix))
}

// keep plans that what stands under a name is saved, and returns where.
func (p *plan) keep(where, name string, it item) (string, error) {
	saved := name + savedSuffix
	switch {
	case !p.exists(saved):
		p.note("%s is kept as %[1]s%s: uninstalling restores it", where, savedSuffix)
		p.step("save", where, func() error { return p.save(name, saved) })
	case it.Saved == "" || !p.same(name, saved): // the same: saved by a run that was killed then
		p.fault("%s would have to be saved, and %[1]s%s is there already: move one of them away", where, savedSuffix)
	}
	return "/" + saved, nil
}

// parents plans the folders above a name that the host lacks.
func (p *plan) parents(name string) error {
	var above []string
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		above = append(above, dir)
	}
	for _, dir := range slices.Backward(above) {
		if _, seen := p.seen[dir]; seen {
			continue
		}
		p.seen[dir] = "/" + dir
		have, err := p.state(dir)
		if err != nil {
			return err
		}
		it, known := p.known(dir)
		if have.Kind == "" {
			want := state{Kind: folder, Mode: 0o755}
			it, known = item{Path: "/" + dir, Ours: []state{want}}, true
			p.put(Entry{Path: it.Path}, dir, want, nil)
		} else if have.Kind != folder {
			p.fault("/%s is a %s, and a folder is needed for /%s: move it away", dir, have.Kind, name)
		}
		if known {
			p.new.Items = append(p.new.Items, it)
		}
	}
	return nil
}

// put plans the writing itself.
func (p *plan) put(e Entry, name string, want state, data []byte) {
	p.changed["/"+name] = true
	switch want.Kind {
	case folder:
		p.step("make", e.Path+"/", func() error { return p.makeFolder(name, want.Mode) })
	case link:
		p.step("link", e.Path+" -> "+want.Target, func() error { return p.makeLink(name, want.Target) })
	case file:
		if !e.Template {
			if err := p.source.verify(e); err != nil {
				p.faults = append(p.faults, err)
			}
		}
		p.step("write", e.Path, func() error { return p.writeFile(name, want.Mode, p.source.content(e, data)) })
	}
}

// undo plans that an item is gone from the host, and what stood there before is
// back. What somebody changed stays.
func (p *plan) undo(it item) error {
	name := it.Path[1:]
	saved := name + savedSuffix
	have, err := p.state(name)
	if err != nil {
		return err
	}
	ours := slices.Contains(it.Ours, have)
	hasSaved := it.Saved != "" && p.exists(saved)
	switch {
	case slices.ContainsFunc(it.Ours, func(s state) bool { return s.Kind == folder }):
		if _, others := p.others.find(it.Path); have.Kind == folder && !others {
			p.step("remove", it.Path+"/ if it is empty", func() error { return p.removeEmpty(name) })
		}
		return nil
	case hasSaved && (have.Kind == "" || ours || p.same(name, saved)):
		p.step("restore", it.Path, func() error { return p.restore(saved, name) })
	case hasSaved:
		p.note("kept %s, which was changed since it was installed; what was there before is %s", it.Path, it.Saved)
		return nil
	case it.Saved != "" && ours:
		p.note("kept %s: what was there before is no longer in %s", it.Path, it.Saved)
		return nil
	case ours:
		p.step("remove", it.Path, func() error { return p.remove(name) })
	default:
		if have.Kind != "" && it.Saved == "" {
			p.note("kept %s, which was changed since it was installed", it.Path)
		}
		return nil
	}
	p.changed[it.Path] = true
	return nil
}

// removeEmpty removes a folder, and leaves one that has something in it.
func (p *plan) removeEmpty(name string) error {
	if empty, err := p.empty(name); err != nil || !empty {
		return err
	}
	return p.remove(name)
}

// empty reports whether a folder is there and has nothing in it.
func (p *plan) empty(name string) (bool, error) {
	d, err := p.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	defer d.Close()
	entries, _ := d.ReadDir(1)
	return len(entries) == 0, nil
}

// sweep plans that what a killed run left half made is gone.
func (p *plan) sweep() {
	names := []string{p.dir, path.Join(p.dir, path.Base(JournalPath(p.name))), path.Join(p.dir, path.Base(RecordPath(p.name)))}
	for _, it := range p.old.Items {
		names = append(names, it.Path[1:])
	}
	for _, name := range names {
		if tmp := aside(name); p.exists(tmp) {
			p.step("remove", "/"+tmp, func() error { return p.remove(tmp) })
		}
	}
}

// names returns the host paths that an entry leads to: a link's target, or what
// a small file (a unit, a script, options) has in its text.
func (p *plan) names(e Entry, name string, data []byte) []string {
	var words []string
	switch {
	case e.Target != "" && path.IsAbs(e.Target):
		words = []string{e.Target}
	case e.Target != "":
		words = []string{path.Join("/", path.Dir(name), e.Target)}
	case e.From != "":
		words = strings.FieldsFunc(string(p.source.text(e, data)), func(r rune) bool { return strings.ContainsRune(" \t\n\"'=:;,", r) })
	}
	found := map[string]bool{}
	for _, word := range words {
		if i := strings.IndexByte(word, '/'); i >= 0 && len(word) < 256 { // -/etc/default/kubelet, @/usr/bin/kubelet
			if at, err := p.resolve(path.Clean(word[i:])); err == nil {
				found["/"+at] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// affected returns which of the units the changes matter to: those whose own
// file, drop-in, or a file that these lead to, changed.
func (p *plan) affected(units []unit) []string {
	changed := maps.Clone(p.changed)
	for grown := true; grown; {
		grown = false
		for at, to := range p.leads {
			if !changed[at] && slices.ContainsFunc(to, func(s string) bool { return changed[s] }) {
				changed[at], grown = true, true
			}
		}
	}
	var out []string
	for _, u := range units {
		for at := range changed {
			if path.Base(at) == u.Name || path.Base(path.Dir(at)) == u.Name+".d" {
				out = append(out, u.Name)
				break
			}
		}
	}
	return out
}
