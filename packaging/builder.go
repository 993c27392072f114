package packaging

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/version"
)

// A builder collects the files of one package.
type builder struct {
	in     Input
	recipe Recipe
	pkg    *Package
	files  map[string]File
	needs  []Relation // what follows from the files
}

func (b *builder) add(f File) error {
	if old, ok := b.files[f.Path]; ok {
		return fmt.Errorf("%s stands there twice, as %v and as %v", f.Path, old.Kind, f.Kind)
	}
	b.files[f.Path] = f
	return nil
}

// programs adds the binaries, or links to the one that is all of them.
func (b *builder) programs() error {
	for _, program := range slices.Sorted(maps.Keys(b.recipe.Programs)) {
		to := b.recipe.Programs[program]
		f := File{Path: to, Mode: 0o755, Source: b.in.Binaries[program]}
		if c := b.in.Component(program); c != program {
			m := b.in.Multicall(program)
			b.need(self(m.Package))
			f = m.called(program, to)
		} else if f.Source == "" {
			return fmt.Errorf("component %s is not built for %s", program, b.in.Platform)
		}
		if err := b.add(f); err != nil {
			return err
		}
	}
	for _, m := range b.in.multicalls() {
		if m.Package != b.recipe.Name {
			continue
		}
		for _, name := range slices.Sorted(maps.Values(m.Programs)) {
			if err := b.add(File{Path: path.Join(path.Dir(m.Path), name), Kind: Link, Mode: 0o777, Target: path.Base(m.Path)}); err != nil {
				return err
			}
		}
	}
	return nil
}

// called returns the file that is one of the programs: a link that the component
// knows itself by, or a script where it answers to another name.
func (m *Multicall) called(program, to string) File {
	name := m.Programs[program]
	if name != path.Base(to) {
		return File{Path: to, Mode: 0o755, Data: fmt.Appendf(nil, "#!/bin/sh\nexec %s %s \"$@\"\n", m.Path, name)}
	}
	target, err := filepath.Rel(path.Dir(to), path.Join(path.Dir(m.Path), name))
	if err != nil {
		panic(err) // both are absolute
	}
	return File{Path: to, Kind: Link, Mode: 0o777, Target: target}
}

func (b *builder) need(r Relation) {
	if !slices.Contains(b.needs, r) {
		b.needs = append(b.needs, r)
	}
}

// sources adds the profile's files.
func (b *builder) sources() error {
	fields := struct {
		version.Fields
		Options string
		Family  string
	}{b.in.Version.Fields(), b.in.Family.Options, b.in.Family.Name}
	for _, to := range slices.Sorted(maps.Keys(b.recipe.Files)) {
		from := b.recipe.Files[to]
		at, err := version.Expand(to, fields)
		if err != nil {
			return fmt.Errorf("files: %w", err)
		}
		if folder, ok := strings.CutSuffix(at, "/"); ok {
			if err := b.add(File{Path: folder, Kind: Folder, Mode: 0o755}); err != nil {
				return err
			}
			continue
		}
		var data []byte
		if name, ok := strings.CutPrefix(from, "tree:"); ok {
			data, err = b.in.Tree(name)
		} else if data, err = fs.ReadFile(b.in.Sources, from); err == nil {
			var filled string
			filled, err = version.Expand(string(data), fields)
			data = []byte(filled)
		}
		if err == nil && path.Ext(at) == ".gz" {
			data, err = Gzip(data)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		if err := b.add(placed(at, data)); err != nil {
			return err
		}
	}
	return nil
}

// placed returns a file with the kind and the mode that its place asks for.
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

// documents adds manual pages and completions, as the programs tell them.
func (b *builder) documents() error {
	for _, program := range slices.Sorted(maps.Keys(b.recipe.Man)) {
		section := b.recipe.Man[program]
		page, err := Gzip(manPage(program, section, b.recipe.Summary, b.in.Version.String(), b.in.Date, b.in.Docs[program].Help))
		if err != nil {
			return err
		}
		if err := b.add(placed(fmt.Sprintf("/usr/share/man/man%s/%s.%[1]s.gz", section, program), page)); err != nil {
			return err
		}
	}
	for _, program := range slices.Sorted(maps.Keys(b.recipe.Completions)) {
		for _, shell := range b.recipe.Completions[program] {
			data := b.in.Docs[program].Completions[shell]
			if err := b.add(File{Path: fmt.Sprintf(b.in.Family.Completions[shell], program), Mode: 0o644, Data: data}); err != nil {
				return err
			}
		}
	}
	return nil
}

// options gives variables the values that fork.yaml has for them.
func (b *builder) options() error {
	values := b.in.Settings.Options[b.recipe.Name]
	known := map[string]string{} // variable to the file that has it
	for _, at := range slices.Sorted(maps.Keys(b.files)) {
		if path.Dir(at) == b.in.Family.Options {
			for _, v := range variables(b.files[at].Data) {
				known[v.Name] = at
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		at, ok := known[name]
		if !ok {
			return fmt.Errorf("packages.options.%s: no variable %s: it has %s", b.recipe.Name, name, list(slices.Sorted(maps.Keys(known))))
		}
		f := b.files[at]
		f.Data = assign(f.Data, name, values[name])
		b.files[at] = f
	}
	return nil
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// users adds the files of the fork's own folder.
func (b *builder) users() error {
	replace := slices.Clone(b.in.Settings.Replace[b.recipe.Name])
	for _, name := range b.in.userFiles(b.recipe.Name) {
		at := strings.TrimPrefix(name, b.recipe.Name)
		_, made := b.files[at]
		i := slices.Index(replace, at)
		switch {
		case made && i < 0:
			return fmt.Errorf("%s/%s would replace what Slipway makes: if it is to, add %s to packages.replace.%s in fork.yaml", b.in.UserDir, name, at, b.recipe.Name)
		case !made && i >= 0:
			return fmt.Errorf("packages.replace.%s: the package has no %s but the fork's own: leave it out", b.recipe.Name, at)
		case i >= 0:
			replace = slices.Delete(replace, i, i+1)
		}
		data, err := fs.ReadFile(b.in.User, name)
		if err != nil {
			return err
		}
		info, err := fs.Stat(b.in.User, name)
		if err != nil {
			return err
		}
		f := placed(at, data)
		if info.Mode()&0o111 != 0 {
			f.Mode = 0o755
		}
		b.files[at] = f
	}
	if len(replace) > 0 {
		return fmt.Errorf("packages.replace.%s: there is no %s/%s%s to stand for it", b.recipe.Name, b.in.UserDir, b.recipe.Name, replace[0])
	}
	return nil
}

// rivals returns the packages that would bring the same programs in one with
// others: the fork has them one by one.
func (b *builder) rivals() []Relation {
	var out []Relation
	for _, m := range b.in.multicalls() {
		for program := range b.recipe.Programs {
			r := Relation(m.Package)
			if m.Programs[program] != "" && b.in.Component(program) == program && !slices.Contains(out, r) {
				out = append(out, r)
			}
		}
	}
	return out
}

// relations returns what the recipe and the files say of other packages.
func (b *builder) relations() Relations {
	out := b.recipe.Relations
	out.Depends = append(slices.Clone(b.needs), out.Depends...)
	out.Conflicts = append(b.rivals(), out.Conflicts...)
	out.each(func(_ string, list *[]Relation) {
		var resolved []Relation
		for _, r := range *list {
			for _, one := range r.resolve(*b.pkg, b.in.Family) {
				if !slices.Contains(resolved, one) {
					resolved = append(resolved, one)
				}
			}
		}
		*list = resolved
	})
	return out
}
