package debbase

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A candidate is a package that can be chosen.
type candidate struct {
	Pin
	needs, excludes string // Pre-Depends and Depends; Conflicts and Breaks
	provides        string
	priority        int // 0 is required
}

// A closure is the choice of packages from all that there are. At most one version of
// a package is chosen.
type closure struct {
	arch, suites string
	named        map[string][]*candidate // by name, the highest version first
	provided     map[string][]*candidate // by a name that they provide, the preferred one first
	chosen       map[string]*candidate
	order        []string // the names of those chosen
}

// Resolve chooses the packages that names need on an architecture (Debian's
// name for it: amd64, armhf), themselves among them, and returns them sorted by
// name. The same packages come from the same archives, in whatever order names
// has them; of two archives that have a package, the higher version counts. A name
// may be alternatives, as in Depends: iproute2 | iproute.
//
// at is now, or the date of a snapshot: the time when signatures, keys and
// Release files have to be valid.
//
// Of alternatives the first that can be met is taken, unless one is there
// already. Recommended and essential packages come only where they are needed.
// To name usr-is-merged, which is true of the layer, keeps usrmerge and with it
// perl out.
func Resolve(ctx context.Context, from []Archive, arch string, names []string, at time.Time) ([]Pin, error) {
	c := &closure{
		arch: arch, chosen: map[string]*candidate{},
		named: map[string][]*candidate{}, provided: map[string][]*candidate{},
	}
	for _, a := range from {
		if err := c.load(ctx, a, at); err != nil {
			return nil, err
		}
	}
	c.sort()
	if err := c.takeNamed(names); err != nil {
		return nil, err
	}
	for _, name := range slices.Clone(c.order) {
		if err := c.close(c.chosen[name], nil); err != nil {
			return nil, err
		}
	}
	return c.pins()
}

// takeNamed chooses the packages that are named, before what they need, so that they
// are preferred as alternatives. Names without alternatives come first, for the same
// reason.
func (c *closure) takeNamed(names []string) error {
	var single, several [][]relation
	for _, name := range slices.Sorted(slices.Values(names)) {
		groups, err := relations(name)
		if err == nil && len(groups) != 1 {
			err = fmt.Errorf("%q is not one relation", name)
		}
		if err != nil {
			return err
		}
		if len(groups[0]) == 1 {
			single = append(single, groups[0])
		} else {
			several = append(several, groups[0])
		}
	}
	for _, alternatives := range slices.Concat(single, several) {
		if err := c.takeOne(alternatives); err != nil {
			return err
		}
	}
	return nil
}

// takeOne chooses the first of alternatives that there is, unless one is chosen.
func (c *closure) takeOne(alternatives []relation) error {
	var names []string
	for _, r := range alternatives {
		if len(alternatives) > 1 && c.met(r, nil) != nil || c.chosen[r.name] != nil {
			return nil
		}
		names = append(names, r.String())
	}
	for _, r := range alternatives {
		if found := c.candidates(r); len(found) > 0 {
			c.take(found[0])
			return nil
		}
	}
	return fmt.Errorf("%s for %s has no package %s, and none that provides it: "+
		"correct the name, or add the component that has it", c.suites, c.arch, strings.Join(names, " | "))
}

// load adds the packages of an archive.
func (c *closure) load(ctx context.Context, a Archive, at time.Time) error {
	release, err := a.release(ctx, at)
	if err != nil {
		return err
	}
	c.suites = strings.TrimPrefix(c.suites+", "+a.Suite, ", ")
	components := a.Components
	if len(components) == 0 {
		components = []string{"main"}
	}
	for _, component := range components {
		err := a.index(ctx, release, component, c.arch, func(f map[string]string) error { return c.add(a.Suite, f) })
		if err != nil {
			return err
		}
	}
	return nil
}

// add adds the package that a paragraph of an index describes.
func (c *closure) add(suite string, f map[string]string) error {
	p := &candidate{
		Pin: Pin{
			Name: f["Package"], Version: f["Version"], Architecture: f["Architecture"],
			Suite: suite, Filename: f["Filename"], SHA256: f["SHA256"],
		},
		needs: f["Pre-Depends"] + "," + f["Depends"], excludes: f["Conflicts"] + "," + f["Breaks"], provides: f["Provides"],
		priority: slices.Index([]string{"required", "important", "standard", "optional"}, f["Priority"]),
	}
	if p.priority < 0 {
		p.priority = 4
	}
	p.Size, _ = strconv.ParseInt(f["Size"], 10, 64)
	if err := p.check(); err != nil {
		return err
	}
	groups, err := relations(p.provides)
	if err != nil {
		return fmt.Errorf("package %s: Provides: %w", p.Name, err)
	}
	c.named[p.Name] = append(c.named[p.Name], p)
	for _, g := range groups {
		c.provided[g[0].name] = append(c.provided[g[0].name], p)
	}
	return nil
}

// sort puts the candidates for each name in the order they are tried in.
func (c *closure) sort() {
	for _, list := range c.named {
		slices.SortStableFunc(list, func(a, b *candidate) int { return compare(b.Version, a.Version) })
	}
	for _, list := range c.provided {
		slices.SortStableFunc(list, func(a, b *candidate) int {
			return cmp.Or(cmp.Compare(a.priority, b.priority), strings.Compare(a.Name, b.Name), compare(b.Version, a.Version))
		})
	}
}

// meets reports whether a package is what a relation names, or provides it.
func (c *closure) meets(p *candidate, r relation) bool {
	if r.arch != "" && r.arch != "any" && r.arch != c.arch {
		return false
	}
	if p.Name == r.name && r.allows(p.Version) {
		return true
	}
	provides, _ := relations(p.provides) // which add has read before
	return slices.ContainsFunc(provides, func(g []relation) bool { return g[0].name == r.name && r.allows(g[0].version) })
}

// candidates returns what could be chosen to meet a relation, in the order to
// try it in: the package of that name, then those that provide it.
func (c *closure) candidates(r relation) []*candidate {
	var out []*candidate
	for _, p := range slices.Concat(c.named[r.name], c.provided[r.name]) {
		if c.chosen[p.Name] == nil && c.meets(p, r) && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// met returns a chosen package that meets a relation, or nil.
func (c *closure) met(r relation, but *candidate) *candidate {
	for _, p := range slices.Concat(c.named[r.name], c.provided[r.name]) {
		if p != but && c.chosen[p.Name] == p && c.meets(p, r) {
			return p
		}
	}
	return nil
}

// take chooses a package.
func (c *closure) take(p *candidate) {
	c.chosen[p.Name] = p
	c.order = append(c.order, p.Name)
}

// close chooses all that a chosen package needs. If that fails, it undoes what it chose.
// chain are the names of the packages that led here.
func (c *closure) close(p *candidate, chain []string) error {
	mark := len(c.order)
	chain = append(slices.Clip(chain), p.Name)
	groups, err := relations(p.needs)
	if err != nil {
		return fmt.Errorf("package %s: Depends: %w", p.Name, err)
	}
	for _, g := range groups {
		if err := c.need(g, chain); err != nil {
			for _, name := range c.order[mark:] {
				delete(c.chosen, name)
			}
			c.order = c.order[:mark]
			return err
		}
	}
	return nil
}

// need chooses a package that meets one of the alternatives, unless one is chosen
// already.
func (c *closure) need(alternatives []relation, chain []string) error {
	for _, r := range alternatives {
		if c.met(r, nil) != nil {
			return nil
		}
	}
	var deeper error
	for _, r := range alternatives {
		for _, p := range c.candidates(r) {
			c.take(p)
			err := c.close(p, chain)
			if err == nil {
				return nil
			}
			c.order = c.order[:len(c.order)-1]
			delete(c.chosen, p.Name)
			deeper = cmp.Or(deeper, err)
		}
	}
	if deeper != nil {
		return deeper
	}
	return c.unmet(alternatives, chain)
}

// unmet returns the error of alternatives that nothing meets, with what there is
// instead.
func (c *closure) unmet(alternatives []relation, chain []string) error {
	var wanted, had []string
	for _, r := range alternatives {
		wanted = append(wanted, r.String())
		for _, p := range slices.Concat(c.named[r.name], c.provided[r.name]) {
			had = append(had, p.Name+" "+p.Version)
		}
	}
	there := "no package of that name"
	if len(had) > 0 {
		there = strings.Join(slices.Compact(had), ", ")
	}
	return fmt.Errorf("package %s needs %s, and %s for %s has %s\n    needed by  %s\n"+
		"  Add the suite or the component that has it, or leave %s out",
		chain[len(chain)-1], strings.Join(wanted, " | "), c.suites, c.arch, there, strings.Join(chain, " -> "), chain[0])
}

// pins returns the chosen packages, unless two of them conflict.
func (c *closure) pins() ([]Pin, error) {
	var out []Pin
	for _, name := range slices.Sorted(maps.Keys(c.chosen)) {
		p := c.chosen[name]
		groups, err := relations(p.excludes)
		if err != nil {
			return nil, fmt.Errorf("package %s: Conflicts or Breaks: %w", name, err)
		}
		for _, g := range groups {
			if other := c.met(g[0], p); other != nil {
				return nil, fmt.Errorf("packages %s %s and %s %s conflict (%s): leave out what needs one of them",
					name, p.Version, other.Name, other.Version, g[0])
			}
		}
		out = append(out, p.Pin)
	}
	return out, nil
}
