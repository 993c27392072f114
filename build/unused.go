package build

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/profiles"
	"github.com/slipway-build/slipway/source"
)

// tellUnused says which patches of the series change nothing that is built or
// packaged, if this run compiled all that fork.yaml builds for the jobs' platforms.
// If something fails, the answer is not known, and nothing is said: the build is right
// all the same.
func (s *Session) tellUnused(ctx context.Context, jobs []fork.Job, made []Binaries) {
	packages := map[string]bool{}
	for i, j := range jobs {
		if made[i].linked == nil || !buildsAll(s.fork, j) {
			return
		}
		for _, p := range made[i].linked {
			packages[p] = true
		}
	}
	tree, err := s.Patched(ctx)
	if err != nil {
		return
	}
	files, err := s.packagedFiles()
	if err != nil {
		return
	}
	series, err := s.Series(ctx)
	if err != nil {
		return
	}
	u := s.usesOf(tree, packages)
	u.files = files
	if found, err := u.unused(series.Effective()); err == nil && len(found) > 0 {
		s.Note(unusedNote(found, builtFor(s.fork, jobs)))
	}
}

// buildsAll reports whether a job has all components of fork.yaml that build for its
// platform.
func buildsAll(f fork.Fork, j fork.Job) bool {
	return !slices.ContainsFunc(f.Defaults, func(c cross.Component) bool {
		return j.Platform.In(c.Platforms) &&
			!slices.ContainsFunc(j.Components, func(o cross.Component) bool { return o.Name == c.Name })
	})
}

// builtFor names the platforms of jobs; "" if they are all platforms of fork.yaml.
func builtFor(f fork.Fork, jobs []fork.Job) string {
	var names []string
	for _, j := range jobs {
		names = append(names, j.Platform.String())
	}
	for _, p := range f.Build.Platforms {
		if !slices.Contains(names, p) {
			return strings.Join(names, ", ")
		}
	}
	return ""
}

// packagedFiles returns the files of the patched tree that packages have in them.
func (s *Session) packagedFiles() (map[string]bool, error) {
	out := map[string]bool{}
	recipes, _, err := profiles.Recipes(s.fork.Project.Dir, s.fork.Profile, s.fork.Parsed)
	if _, ok := errors.AsType[*profiles.MissingError](err); ok {
		return out, nil // nothing is packaged
	}
	if err != nil {
		return nil, err
	}
	out[cmp.Or(recipes.LicenseFile, "LICENSE")] = true
	for _, r := range recipes.Packages {
		if r.LicenseFile != "" {
			out[r.LicenseFile] = true
		}
		for _, from := range r.Files {
			if name, ok := strings.CutPrefix(from, "tree:"); ok {
				out[path.Clean(name)] = true
			}
		}
	}
	return out, nil
}

// usesOf returns what packages, by their import paths, use of a tree.
func (s *Session) usesOf(tree filetree.Dir, packages map[string]bool) uses {
	u := uses{
		folders: map[string]bool{}, links: map[string][]string{}, embedded: patternsIn(tree),
		cgo: slices.ContainsFunc(s.fork.Defaults, func(c cross.Component) bool { return c.CGO }),
	}
	places := source.ModulesIn(tree) // a patch may have added some
	maps.Copy(places, s.places(tree))
	dirOf := folders(tree, places)
	for p := range packages {
		if dir, ok := dirOf(p); ok {
			u.folders[dir] = true
		}
		if dir := tree.Resolve(path.Join("vendor", p)); len(tree.Tree.Below(dir)) > 0 {
			u.folders[dir] = true
		}
	}
	for _, e := range tree.Tree {
		if e.Mode == filetree.Link {
			to := tree.Resolve(e.Path)
			u.links[to] = append(u.links[to], e.Path)
		}
	}
	return u
}

// uses is what outputs are made from, of a patched tree.
type uses struct {
	folders  map[string]bool           // of the packages that are linked
	embedded func(dir string) []string // what the Go files of such a folder embed, as patterns
	files    map[string]bool           // that packages have in them
	links    map[string][]string       // by file: the symbolic links to it
	cgo      bool                      // C is compiled, which may include files from anywhere
}

// An unusedPatch changes nothing that outputs are made from.
type unusedPatch struct{ name, file string }

// unused returns the patches of a series that change nothing that is used, each with
// the first of its files. A file that a later patch renames to one that is used, is
// used.
func (u uses) unused(series []patches.Patch) ([]unusedPatch, error) {
	var out []unusedPatch
	later := map[string]bool{}
	for _, p := range slices.Backward(series) {
		diffs, err := patches.Parse(p)
		if err != nil {
			return nil, err
		}
		used := false
		for _, d := range slices.Backward(diffs) {
			if u.has(d.Old) || u.has(d.New) || later[d.New] {
				used, later[d.Old] = true, d.Old != ""
			}
		}
		if !used && len(diffs) > 0 {
			out = append(out, unusedPatch{p.Name, cmp.Or(diffs[0].New, diffs[0].Old)})
		}
	}
	slices.Reverse(out)
	return out, nil
}

// has reports whether a file is used, by its name or by that of a link to it.
func (u uses) has(name string) bool {
	return name != "" && (u.uses(name) || slices.ContainsFunc(u.links[name], u.uses))
}

func (u uses) uses(name string) bool {
	dir, ext := path.Dir(name), path.Ext(name)
	switch path.Base(name) {
	case "go.mod", "go.sum", "go.work", "go.work.sum":
		return true
	case "default.pgo":
		return u.folders[dir]
	}
	switch {
	case u.files[name], name == "vendor/modules.txt", ext == ".h":
		return true
	case ext == ".go" && u.folders[dir] && !strings.HasSuffix(name, "_test.go"):
		return true
	case slices.Contains(besideGo, ext) && (u.folders[dir] || u.cgo):
		return true
	}
	return u.embeds(name)
}

// besideGo are the ends of files that go build takes beside Go files.
var besideGo = strings.Fields(".c .cc .cpp .cxx .m .hh .hpp .hxx .inc .f .F .for .f90 .s .S .sx .swig .swigcxx .syso")

// embeds reports whether a package in a folder above a file embeds it.
func (u uses) embeds(name string) bool {
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		if u.folders[dir] {
			rel := strings.TrimPrefix(name, dir+"/")
			if slices.ContainsFunc(u.embedded(dir), func(pattern string) bool { return matches(pattern, rel) }) {
				return true
			}
		}
		if dir == "." {
			return false
		}
	}
}

// matches reports whether a pattern of go:embed takes a file, or a folder that it is
// in. One that is quoted counts as taking all.
func matches(pattern, name string) bool {
	if strings.ContainsAny(pattern, "\"`") {
		return true
	}
	pattern = strings.TrimPrefix(pattern, "all:")
	for ; name != "."; name = path.Dir(name) {
		if ok, err := path.Match(pattern, name); ok || err != nil {
			return true
		}
	}
	return pattern == "."
}

// embedLine matches a line by which a Go file embeds files.
var embedLine = regexp.MustCompile(`(?m)^[ \t]*//go:embed[ \t]+(.*)$`)

// patternsIn returns the function that reads what the Go files of a folder of the
// tree embed. It reads a folder once.
func patternsIn(tree filetree.Dir) func(dir string) []string {
	read := map[string][]string{}
	return func(dir string) []string {
		if known, ok := read[dir]; ok {
			return known
		}
		var out []string
		for _, e := range tree.Tree.Below(dir) {
			if path.Dir(e.Path) != dir || path.Ext(e.Path) != ".go" || strings.HasSuffix(e.Path, "_test.go") {
				continue
			}
			data, err := tree.ReadFile(tree.Resolve(e.Path))
			if err != nil {
				out = append(out, ".") // not known
			}
			for _, m := range embedLine.FindAllSubmatch(data, -1) {
				out = append(out, strings.Fields(string(m[1]))...)
			}
		}
		read[dir] = out
		return out
	}
}

// unusedNote tells of patches. platforms are the ones that were built for; "" if they
// are all.
func unusedNote(found []unusedPatch, platforms string) string {
	built := "built"
	if platforms != "" {
		built += " for " + platforms
	}
	if len(found) == 1 {
		return fmt.Sprintf("%s changes nothing that is %s or packaged: %s", shortName(found[0].name), built, found[0].file)
	}
	names := make([]string, len(found))
	for i, p := range found {
		names[i] = fmt.Sprintf("%s (%s)", shortName(p.name), p.file)
	}
	return fmt.Sprintf("%d patches change nothing that is %s or packaged: %s",
		len(found), built, strings.Join(names, ", "))
}

// shortName returns the name of a patch, or the beginning of a commit's id.
func shortName(patch string) string {
	if IsCommit(patches.Patch{Name: patch}) {
		return patch[:12]
	}
	return patch
}
