package packaging

import (
	"fmt"
	"maps"
	"strings"
)

// Known returns a recipe's package as far as it is known before anything is built. Its
// programs and documents are empty, and files from the patched tree are missing.
func (in Input) Known(r Recipe) (Package, error) {
	r.Files = maps.Clone(r.Files)
	maps.DeleteFunc(r.Files, func(_, from string) bool { return strings.HasPrefix(from, treeFile) })
	files, err := in.planned(r)
	if err != nil {
		return Package{}, fmt.Errorf("package %s: %w", r.Name, err)
	}
	// A variable that is not known yet may be in a file of the tree: Assemble tells.
	_ = files.setOptions(r.Name, in.Family.Options, in.Settings.Options[r.Name])
	return Package{Name: r.Name, Files: files.sorted()}, nil
}
