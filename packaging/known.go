package packaging

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Known returns a recipe's package as far as it is known before anything is built:
// the profile's files and the fork's, and the paths of programs. What comes from
// the patched tree is missing.
func (in Input) Known(r Recipe) (Package, error) {
	p := Package{Name: r.Name}
	r.Files = maps.Clone(r.Files)
	maps.DeleteFunc(r.Files, func(_, from string) bool { return strings.HasPrefix(from, treeFile) })
	made, err := in.sourceFiles(r)
	if err != nil {
		return p, fmt.Errorf("package %s: %w", r.Name, err)
	}
	files := contents{}
	for program, at := range r.Programs {
		files[at] = File{Path: at, Mode: 0o755, Source: program}
	}
	for _, f := range made {
		files[f.Path] = f
	}
	// A variable that is not known yet may be in a file of the tree: Assemble tells.
	_ = files.setOptions(r.Name, in.Family.Options, in.Settings.Options[r.Name])
	names, err := in.userFiles(r.Name)
	if err != nil {
		return p, err
	}
	for _, name := range names {
		at := strings.TrimPrefix(name, r.Name)
		if files[at], err = in.userFile(name, at); err != nil {
			return p, fmt.Errorf("%s: %w", in.UserDir, err)
		}
	}
	for _, at := range slices.Sorted(maps.Keys(files)) {
		p.Files = append(p.Files, files[at])
	}
	return p, nil
}
