package release

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/registry"
)

// checkPlatforms returns an error if the images of f are for other platforms than the request
// names. note tells of platforms of fork.yaml that are missing where it names none.
func (r PushRequest) checkPlatforms(f fork.Fork, record artifact.Images) (note string, err error) {
	made, linux := record.Platforms(), linuxOf(f)
	want := r.Platforms
	if len(want) == 0 {
		missing := slices.DeleteFunc(linux, func(p string) bool { return slices.Contains(made, p) })
		if len(made) == 0 || len(missing) == 0 {
			return "", nil
		}
		return fmt.Sprintf("the images in %s are for %s alone, and %s also lists %s: for all, mage image -platforms=all "+
			"-fork=%s, and push again", f.Dist("images"), strings.Join(made, ", "), f.File("fork.yaml"),
			strings.Join(missing, ", "), f.ID), nil
	}
	if slices.Equal(want, []string{"all"}) {
		want = linux
	} else if _, err := platform.ParseList(want); err != nil {
		return "", err
	}
	want = slices.Compact(slices.Sorted(slices.Values(want)))
	if slices.Equal(slices.Sorted(slices.Values(made)), want) {
		return "", nil
	}
	return "", fmt.Errorf("-platforms=%s: the images in %s are for %s: make them again, "+
		"mage image -platforms=%[1]s -fork=%[4]s", strings.Join(want, ","), f.Dist("images"), strings.Join(made, ", "), f.ID)
}

// linuxOf returns the platforms of fork.yaml that are Linux.
func linuxOf(f fork.Fork) []string {
	var out []string
	for _, p := range f.Platforms {
		if p.OS == "linux" {
			out = append(out, p.String())
		}
	}
	return out
}

// places are files in dist that have hosts pull from one registry, by what is said of them.
type places []string

func (p places) add(file string) places {
	if dir := path.Dir(file); path.Base(dir) != "deploy" {
		file = dir // of pods or units
	}
	if slices.Contains(p, file) {
		return p
	}
	return append(p, file)
}

func (p places) String() string { return strings.Join(p, ", ") }

// checkPulls returns an error if hosts will pull images from another registry than the request
// pushes to, by what is in dist. notes tell of what names no registry.
func (r PushRequest) checkPulls(f fork.Fork, pulls []artifact.Pull) (notes []string, err error) {
	var none, elsewhere places
	from := ""
	for _, pull := range pulls {
		switch {
		case r.Mirror || slices.ContainsFunc(r.Registries, func(to string) bool { return registry.Same(to, pull.Registry) }):
		case pull.Registry == artifact.NoRegistry:
			none = none.add(pull.File)
		case from == "" || from == pull.Registry:
			from, elsewhere = pull.Registry, elsewhere.add(pull.File)
		}
	}
	to := r.Registries[0]
	if len(elsewhere) > 0 {
		return nil, fmt.Errorf("-registry=%s: hosts pull from %s, by %s\n  To have them pull from %[1]s: mage %[4]s"+
			"\n  To push to a mirror of %[2]s: mage push -mirror -registry=%[1]s -fork=%[5]s",
			to, from, elsewhere, elsewhere.remake(f, to), f.ID)
	}
	if len(none) > 0 {
		notes = append(notes, fmt.Sprintf("%s: no registry is named there, so hosts do not find what is pushed: "+
			"mage %s, and push again", none, none.remake(f, to)))
	}
	return notes, nil
}

// remake returns the targets of Mage that make those files for a registry.
func (p places) remake(f fork.Fork, registry string) string {
	flags := fmt.Sprintf(" -registry=%s -fork=%s", registry, f.ID)
	if len(p) == 1 && path.Base(path.Dir(p[0])) == "deploy" {
		return "deploy:kubespray" + flags
	}
	return "image" + flags
}

// current returns those of pulls that are of images that are pushed. note tells of files in
// dist that pin other digests of them.
func current(f fork.Fork, pulls []artifact.Pull, pushed []artifact.ImageIndex) (out []artifact.Pull, note string) {
	var stale places
	for _, pull := range pulls {
		i := slices.IndexFunc(pushed, func(made artifact.ImageIndex) bool { return made.Name == pull.Name })
		switch {
		case pull.Name == "" || i >= 0 && pushed[i].Digest == pull.Digest:
			out = append(out, pull)
		case i >= 0:
			stale = stale.add(pull.File)
		}
	}
	if len(stale) > 0 {
		note = fmt.Sprintf("%s: made for other images than those in %s: to make all again, mage image -fork=%s",
			stale, f.Dist("images"), f.ID)
	}
	return out, note
}
