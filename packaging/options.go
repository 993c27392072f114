package packaging

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/envfile"
	"github.com/slipway-build/slipway/internal/unitfile"
	"github.com/slipway-build/slipway/version"
)

// A Variable is a variable that a file of options sets.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value"` // may have several lines
}

// Variables returns the variables with the options of the package's services, in
// the order of their files.
func (p Package) Variables(f Family) []Variable {
	var out []Variable
	for _, file := range p.Files {
		defaults := isDefaults(file.Path)
		if !defaults && path.Dir(file.Path) != f.Options || p.changes(f, file.Path) {
			continue
		}
		data := file.Data
		if defaults {
			if changes, ok := p.lookup(f.changesOf(file.Path)); ok {
				data = overlaid(data, changes.Data)
			}
		}
		for _, v := range envfile.Parse(data) {
			out = append(out, Variable{v.Name, v.Value})
		}
	}
	return out
}

// changes reports whether a path is that of the changes of one of the package's defaults.
func (p Package) changes(f Family, at string) bool {
	return slices.ContainsFunc(p.Files, func(file File) bool {
		return isDefaults(file.Path) && f.changesOf(file.Path) == at
	})
}

// setOptions gives variables in the files of options below dir the values that
// fork.yaml has for the package.
func (c contents) setOptions(pkg, dir string, values map[string]string) error {
	known := map[string][]string{} // variable to its files
	for _, at := range slices.Sorted(maps.Keys(c)) {
		if path.Dir(at) == dir || isDefaults(at) {
			for _, v := range envfile.Parse(c[at].Data) {
				known[v.Name] = append(known[v.Name], at)
			}
		}
	}
	split, err := c.split()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if len(known[name]) == 0 {
			return fmt.Errorf("packages.options.%s: unknown variable %s; the package has %s",
				pkg, name, list(slices.Sorted(maps.Keys(known))))
		}
		if err := envfile.CheckValue(values[name]); err != nil {
			return fmt.Errorf("packages.options.%s.%s: %w", pkg, name, err)
		}
		if _, err := envfile.Words(values[name]); err != nil && slices.Contains(split, name) {
			return fmt.Errorf("packages.options.%s.%s: %w", pkg, name, err)
		}
		if err := c.set(known[name], name, values[name]); err != nil {
			return fmt.Errorf("packages.options.%s.%s: %w", pkg, name, err)
		}
	}
	return nil
}

// set gives a variable a value in files: flags that are a service's defaults are merged,
// and a file with changes of them stays as it is.
func (c contents) set(files []string, name, value string) error {
	isLayer := func(at string) bool { return isDefaults(at) || c[at].defaults }
	layered := slices.ContainsFunc(files, isLayer)
	for _, at := range files {
		if layered && !isLayer(at) {
			continue
		}
		f := c[at]
		if !layered {
			f.Data = envfile.Set(f.Data, name, value)
		} else if err := f.change(name, value); err != nil {
			return err
		}
		c[at] = f
	}
	return nil
}

// split returns the variables that the commands of units split into words, so that an
// option with a blank in it needs quotes of its own.
func (c contents) split() ([]string, error) {
	var out []string
	for at, f := range c {
		if !strings.HasPrefix(at, unitDir) {
			continue
		}
		_, commands, err := executed(f)
		if err != nil {
			return nil, err
		}
		for _, command := range commands {
			for _, arg := range command.Args {
				pieces, err := command.Pieces(arg)
				if err != nil {
					return nil, err
				}
				for _, p := range pieces {
					if p.Kind == unitfile.Words {
						out = append(out, p.Text)
					}
				}
			}
		}
	}
	return out, nil
}

// CheckOptions returns an error that lists what is wrong with fork.yaml's options for
// packages, as far as that is known before anything is built.
func (in Input) CheckOptions(recipes []Recipe) error {
	var errs []error
	for _, r := range recipes {
		if err := in.checkOptions(r); err != nil {
			errs = append(errs, fmt.Errorf("package %s: %w", r.Name, err))
		}
	}
	return errors.Join(errs...)
}

// checkOptions checks the options for one package. If one of its units or files of
// options is of the patched tree, faults show when it is assembled.
func (in Input) checkOptions(r Recipe) error {
	values := in.Settings.Options[r.Name]
	if len(values) == 0 {
		return nil
	}
	for to, from := range r.Files {
		at, err := version.Expand(to, in.fields())
		if err != nil {
			return fmt.Errorf("files: %w", err)
		}
		matters := path.Dir(at) == in.Family.Options || isDefaults(at) || strings.HasPrefix(at, unitDir)
		if matters && strings.HasPrefix(from, treeFile) {
			return nil
		}
	}
	files, err := in.planned(r)
	if err != nil {
		return err
	}
	return files.setOptions(r.Name, in.Family.Options, values)
}
