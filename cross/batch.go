package cross

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/filetree"
)

// A batch is the components of one run of the go command.
type batch struct {
	components []Component
	targets    []Target // of the components
}

// batches groups components for as few runs of the go command as can be: it
// takes one CGO_ENABLED, folder and -mod a run, and names the binaries of several
// after their folders, which a folder that it runs in has no name for.
func (r Request) batches() ([]batch, error) {
	var out []batch
	for _, c := range r.Components {
		t, err := r.Target(r.Dir, c)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(out, func(b batch) bool { return b.takes(c, t) })
		if i < 0 {
			out = append(out, batch{})
			i = len(out) - 1
		}
		out[i].components, out[i].targets = append(out[i].components, c), append(out[i].targets, t)
	}
	return out, nil
}

// takes reports whether one run of the go command compiles a component with those of
// the batch.
func (b batch) takes(c Component, t Target) bool {
	if first := b.targets[0]; b.components[0].CGO != c.CGO || first.Dir != t.Dir || first.Mod != t.Mod {
		return false
	}
	if b.components[0].Test || c.Test { // the go command writes one program of tests a run
		return false
	}
	return !t.alone() && !slices.ContainsFunc(b.targets, func(o Target) bool {
		return path.Base(o.Main) == path.Base(t.Main) || o.alone()
	})
}

// verb returns what the go command is told to do.
func (b batch) verb() []string {
	if b.components[0].Test {
		return []string{"test", "-c", "-vet=off"}
	}
	return []string{"build", "-v"}
}

// args returns what the go command is told after its settings.
func (b batch) args() []string {
	args := b.targets[0].flags()
	for _, t := range b.targets {
		args = append(args, t.Main)
	}
	return args
}

// names returns the names of the batch's components.
func (b batch) names() string {
	names := make([]string, len(b.components))
	for i, c := range b.components {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

// dir returns the folder of the tree that the go command runs in.
func (b batch) dir(tree filetree.Dir) string {
	return filepath.Join(tree.Path, filepath.FromSlash(b.targets[0].Dir))
}
