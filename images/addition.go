package images

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/internal/dynlink"
)

// An Addition is what a fork adds to one image.
type Addition struct {
	// Links maps the paths of symbolic links to their targets.
	Links map[string]string `yaml:"links" json:"links"`
	// From are programs that other forks of the project build.
	From []Programs `yaml:"from" json:"from"`
	// Replace lists the paths of the image that what is added may replace.
	Replace []string `yaml:"replace" json:"replace"`
}

// Programs are programs of a fork that are copied to a dir of an image.
type Programs struct {
	Fork string `yaml:"fork" json:"fork"`
	// Programs are components of the fork; those of its build.components if there are
	// none.
	Programs []string `yaml:"programs" json:"programs"`
	Folder   string   `yaml:"folder" json:"folder"` // absolute: /opt/cni/bin
}

// validate returns what is wrong with an addition by itself.
func (a Addition) validate() []config.Fault {
	var faults []config.Fault
	for _, at := range slices.Sorted(maps.Keys(a.Links)) {
		if fault := placeFault(at); fault != "" {
			faults = append(faults, config.Faultf("links."+at, "%s", fault))
		} else if target := a.Links[at]; target == "" || strings.ContainsFunc(target, unicode.IsControl) {
			faults = append(faults, config.Faultf("links."+at,
				"%q is not the target of a link: want a path, such as /hyperkube", target))
		}
	}
	for i, p := range a.From {
		if p.Fork == "" {
			faults = append(faults, config.At("from", i, "names no fork"))
		}
		if fault := placeFault(p.Folder); fault != "" && p.Folder != "/" {
			faults = append(faults, config.Faultf(fmt.Sprintf("from[%d].folder", i), "%s", fault))
		}
	}
	for i, at := range a.Replace {
		if fault := placeFault(at); fault != "" {
			faults = append(faults, config.At("replace", i, "%s", fault))
		} else if slices.Contains(a.Replace[:i], at) {
			faults = append(faults, config.At("replace", i, "%s is listed twice", at))
		}
	}
	return faults
}

// placeFault returns why nothing can be added at a path of an image; "" is nothing.
func placeFault(at string) string {
	switch {
	case !path.IsAbs(at) || path.Clean(at) != at || at == "/" || strings.ContainsFunc(at, unicode.IsControl):
		return fmt.Sprintf("%q is not a clean absolute path, such as /usr/bin/kubelet", at)
	case isMounted(at):
		return fmt.Sprintf("%s is hidden in a container: something is mounted at /%s", at, strings.Split(at, "/")[1])
	case slices.ContainsFunc(strings.Split(at, "/"), func(name string) bool { return strings.HasPrefix(name, ".wh.") }):
		return at + " would remove a file: names that begin with .wh. do that in a layer"
	}
	return ""
}

// isMounted reports whether a path is in what a container mounts, so that no image
// tells what is there.
func isMounted(at string) bool {
	top, _, _ := strings.Cut(strings.TrimPrefix(at, "/"), "/")
	return slices.Contains([]string{"proc", "sys", "dev"}, top)
}

// CheckAdded returns an error if a file that a fork adds to an image for an architecture is
// wrong, as far as the file alone shows it.
func CheckAdded(f File, arch string) error {
	fault := placeFault(f.Path)
	if fault == "" {
		fault = checkContent(f)
	}
	if fault == "" {
		fault = checkMachine(f, arch)
	}
	if fault == "" {
		return nil
	}
	return errors.New(fault)
}

// checkMachine returns what keeps a program of the user's own from being started on an
// architecture; "" is nothing.
func checkMachine(f File, arch string) string {
	e, err := elf.NewFile(bytes.NewReader(f.Data))
	if err != nil || f.Mode&0o111 == 0 || e.Machine == dynlink.Machine(arch) {
		return "" // no program, or one that runs there
	}
	return fmt.Sprintf("%s is built for %s, not for %s", f.Path, e.Machine, arch)
}

// Settle returns files for a layer above the stack, each at the path that it resolves to:
// where the stack has a link from /bin to /usr/bin, /bin/sh is /usr/bin/sh. A dir in the
// place of the link would hide what is there.
func (s Stack) Settle(files []File) []File {
	out := slices.Clone(files)
	for i, f := range out {
		if f.Folder {
			out[i].Path = s.dir(f.Path)
		} else {
			out[i].Path = s.place(f.Path)
		}
	}
	return out
}

// A Misfit is a path that is added, or that replace lists, with what is wrong with it.
type Misfit struct {
	Path    string
	Replace bool // the path is one of replace
	Fault   string
}

// Add returns the layer that adds files to the stack, and what is wrong with them.
// Paths of replace, and no others, may be in the stack already.
func (s Stack) Add(files []File, replace []string) ([]File, []Misfit) {
	out, replaced := s.Settle(files), s.Settle(asFiles(replace))
	whole := maps.Clone(s)
	var misfits []Misfit
	for i, f := range out {
		listed := slices.ContainsFunc(replaced, func(r File) bool { return r.Path == f.Path })
		if fault := s.refuses(f.Path, listed); fault != "" {
			misfits = append(misfits, Misfit{Path: files[i].Path, Fault: files[i].Path + fault})
		}
		whole.put(f.entry())
	}
	misfits = append(misfits, among(files, out)...)
	for i, r := range replaced {
		if _, ok := s[r.Path]; !ok {
			misfits = append(misfits, Misfit{replace[i], true, "the image has no " + replace[i] + " to replace: remove it"})
		} else if !slices.ContainsFunc(out, func(f File) bool { return f.Path == r.Path }) {
			misfits = append(misfits, Misfit{replace[i], true, "nothing is added at " + replace[i] + ": remove it"})
		}
	}
	for _, f := range files {
		if fault := whole.leads(f); fault != "" {
			misfits = append(misfits, Misfit{Path: f.Path, Fault: fault})
		}
	}
	return append(out, s.dirs(out)...), misfits
}

// leads returns what is wrong with where a link leads to; "" is nothing.
func (s Stack) leads(link File) string {
	if link.Target == "" {
		return ""
	}
	to, err := s.follow(link.Path)
	switch {
	case err != nil:
		return err.Error()
	case !s.has(to) && !isMounted(to):
		return fmt.Sprintf("%s leads to %s, which is missing", link.Path, to)
	}
	return ""
}

// has reports whether there is something at a path.
func (s Stack) has(at string) bool {
	e, ok := s[at]
	return at == "/" || ok && e.Target == ""
}

// refuses returns why nothing can be added at a path, which goes behind its name; "" is
// nothing. listed are paths that may be replaced.
func (s Stack) refuses(at string, listed bool) string {
	for dir := path.Dir(at); dir != "/"; dir = path.Dir(dir) {
		if e, ok := s[dir]; ok && !e.Folder {
			return fmt.Sprintf(" cannot be added: %s is not a dir", dir)
		}
	}
	switch old, there := s[at]; {
	case there && old.Folder:
		return " is a dir of the image, which cannot be replaced"
	case there && !listed:
		return " is in the image already: to replace it, list it in replace"
	}
	return ""
}

// among returns the files that cannot be beside the others. names has the files as the
// user named them.
func among(names, files []File) []Misfit {
	var out []Misfit
	for i, f := range files {
		for j, other := range files {
			switch at := names[i].Path; {
			case j < i && f.Path == other.Path:
				out = append(out, Misfit{Path: at, Fault: at + " is added twice"})
			case strings.HasPrefix(f.Path, other.Path+"/"):
				out = append(out, Misfit{Path: at,
					Fault: fmt.Sprintf("%s cannot be added: %s is not a dir", at, names[j].Path)})
			}
		}
	}
	return out
}

// asFiles returns files at some paths.
func asFiles(paths []string) []File {
	out := make([]File, len(paths))
	for i, p := range paths {
		out[i] = File{Path: p}
	}
	return out
}

// dirs returns the dirs above files whose mode in the stack is not the usual one: a
// layer has the dirs above its files, and would change them.
func (s Stack) dirs(files []File) []File {
	modes := map[string]int64{}
	for _, f := range files {
		for dir := path.Dir(f.Path); dir != "/"; dir = path.Dir(dir) {
			if mode := s[dir].Mode; mode != 0 {
				modes[dir] = mode
			}
		}
	}
	var out []File
	for _, dir := range slices.Sorted(maps.Keys(modes)) {
		out = append(out, File{Path: dir, Folder: true, Mode: modes[dir]})
	}
	return out
}
