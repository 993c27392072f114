package tarballs

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/internal/glob"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/version"
)

// Recipes is tarballs.yaml of a profile: the tarballs that upstream releases, by version.
type Recipes struct {
	// Tarballs are the tarballs. Of several rows of a kind, the first whose range contains the
	// version counts.
	Tarballs []Recipe `yaml:"tarballs"`
	// Contents are what is in them: all rows whose range contains the version. Where two give
	// the same file, the later one counts.
	Contents []Content `yaml:"contents"`
}

// A Recipe is a tarball, or one for each platform.
type Recipe struct {
	Kind     string        `yaml:"kind"` // what contents, and who asks for one, call it
	Versions version.Range `yaml:"versions"`
	// File is its name. It is a template, as Folder and the texts in Contents: see Names.
	File   string `yaml:"file"`
	Folder string `yaml:"folder"` // that all of it is in; empty: none
	// Platforms are the systems that there is one for, as components name them; empty: all.
	Platforms []string `yaml:"platforms"`
	Portable  bool     `yaml:"portable"` // one for all platforms
}

// A Content is something that tarballs hold: one of Programs, Images, Tarballs, Tree, Text,
// Link and Empty.
type Content struct {
	In       []string      `yaml:"in"` // kinds of tarballs
	Versions version.Range `yaml:"versions"`
	// To is the path in the tarball's folder: of a text, a link, and a file or folder of the
	// tree that of itself, and of the others the folder that they are in.
	To string `yaml:"to"`

	Programs []string `yaml:"programs"` // those of them that the fork builds for the platform
	Images   []string `yaml:"images"`   // those of them that the fork has, as docker load reads them
	// Reference is the name that an image has in its archive: a template without a tag.
	Reference string   `yaml:"reference"`
	Tarballs  []string `yaml:"tarballs"` // kinds
	Text      string   `yaml:"text"`     // of a file
	Link      string   `yaml:"link"`     // target of a symbolic link
	Empty     bool     `yaml:"empty"`    // a folder with nothing in it

	Part `yaml:",inline"`
}

// A Part is files of the patched tree.
type Part struct {
	Tree  string   `yaml:"tree"`  // a file or folder; "." is all of the tree
	Files []string `yaml:"files"` // only these, by their paths in the folder, each in To by its last name
	Only  []string `yaml:"only"`  // only what one of these globs matches, by its path in the folder
	// Without are globs of what is left out, likewise.
	Without []string `yaml:"without"`
	// Links says that the folder has symbolic links that upstream's scripts rely on: a Go
	// module has none.
	Links bool `yaml:"links"`
	// Optional has the tarballs made without what the tree does not have. Whoever makes them
	// is told.
	Optional bool `yaml:"optional"`
}

// Names are what templates can name.
type Names struct {
	version.Fields
	Name     string // of the project
	OS, Arch string // of one that is not portable
	Image    string // of Reference
}

// Expand fills a template.
func (n Names) Expand(text string) (string, error) { return version.Expand(text, n) }

// At returns the tarballs that a version has, by kind in the order of the rows.
func (r Recipes) At(v version.Version) []Recipe {
	var out []Recipe
	for _, t := range r.Tarballs {
		seen := slices.ContainsFunc(out, func(o Recipe) bool { return o.Kind == t.Kind })
		if t.Versions.Contains(v) && !seen {
			out = append(out, t)
		}
	}
	return out
}

// Of returns what the tarballs of a kind hold in a version.
func (r Recipes) Of(kind string, v version.Version) []Content {
	return slices.DeleteFunc(slices.Clone(r.Contents), func(c Content) bool {
		return !c.Versions.Contains(v) || !slices.Contains(c.In, kind)
	})
}

// For reports whether there is such a tarball for a platform.
func (r Recipe) For(p platform.Platform) bool { return !r.Portable && p.In(r.Platforms) }

// Validate returns what is wrong with the recipes.
func (r Recipes) Validate() []config.Fault {
	var faults []config.Fault
	if len(r.Tarballs) == 0 {
		faults = append(faults, config.Faultf("tarballs", "is empty: want at least one row"))
	}
	for i, t := range r.Tarballs {
		faults = append(faults, config.Below(fmt.Sprintf("tarballs[%d]", i), t.validate())...)
	}
	for i, c := range r.Contents {
		below := c.validate()
		for _, kind := range append(slices.Clone(c.In), c.Tarballs...) {
			if !slices.ContainsFunc(r.Tarballs, func(t Recipe) bool { return t.Kind == kind }) {
				below = append(below, config.Faultf("in", "%q is not a kind of the table tarballs", kind))
			}
		}
		for _, kind := range c.Tarballs {
			if slices.ContainsFunc(c.In, func(in string) bool { return r.holds(kind, in, len(r.Contents)) }) {
				below = append(below, config.Faultf("tarballs", "a tarball %s would hold itself", kind))
			}
		}
		faults = append(faults, config.Below(fmt.Sprintf("contents[%d]", i), below)...)
	}
	return faults
}

// holds reports whether tarballs of a kind are, or hold, those of another, at most depth
// tarballs deep.
func (r Recipes) holds(kind, other string, depth int) bool {
	if kind == other || depth == 0 {
		return kind == other
	}
	return slices.ContainsFunc(r.Contents, func(c Content) bool {
		return slices.Contains(c.In, kind) &&
			slices.ContainsFunc(c.Tarballs, func(k string) bool { return r.holds(k, other, depth-1) })
	})
}

func (r Recipe) validate() []config.Fault {
	var faults []config.Fault
	if r.Kind == "" {
		faults = append(faults, config.Faultf("kind", "is missing: want a word such as server"))
	}
	if err := r.Versions.Validate(); err != nil {
		faults = append(faults, config.Faultf("versions", "%v", err))
	}
	one, err := sample("amd64").Expand(r.File)
	other, _ := sample("arm64").Expand(r.File)
	switch {
	case err != nil:
		faults = append(faults, config.Faultf("file", "%v", err))
	case path.Base(one) != one || !strings.HasSuffix(one, ".tar.gz") && !strings.HasSuffix(one, ".tgz"):
		faults = append(faults, config.Faultf("file", "%q: want the name of a file that ends in .tar.gz or .tgz", r.File))
	case r.Portable != (one == other):
		faults = append(faults, config.Faultf("file", "%q: want {{.OS}} and {{.Arch}} in it, or portable: true, and not both",
			r.File))
	}
	for i, p := range r.Platforms {
		if !platform.Names(p) {
			faults = append(faults, config.At("platforms", i, "%q is not a system or platform: want linux or linux/arm64", p))
		}
	}
	if r.Portable && len(r.Platforms) > 0 {
		faults = append(faults, config.Faultf("platforms", "a portable tarball is for all of them: leave this out"))
	}
	return append(faults, inside("folder", r.Folder)...)
}

// sample returns names to try a template with.
func sample(arch string) Names {
	v, _ := version.Parse("1.4.1")
	return Names{Fields: v.Fields(), Name: "ship", OS: "linux", Arch: arch, Image: "captain"}
}

// inside returns what is wrong with the template of a path in a tarball.
func inside(field, text string) []config.Fault {
	at, err := sample("amd64").Expand(text)
	if err != nil {
		return []config.Fault{config.Faultf(field, "%v", err)}
	}
	if at != "" && !fs.ValidPath(at) {
		return []config.Fault{config.Faultf(field, "%q: want a path below the tarball's folder, such as server/bin", text)}
	}
	return nil
}

func (c Content) validate() []config.Fault {
	faults := inside("to", c.To)
	if len(c.In) == 0 {
		faults = append(faults, config.Faultf("in", "is empty: want the kinds of the tarballs that hold it"))
	}
	if err := c.Versions.Validate(); err != nil {
		faults = append(faults, config.Faultf("versions", "%v", err))
	}
	given := 0
	for _, is := range []bool{
		c.Programs != nil, c.Images != nil, c.Tarballs != nil, c.Text != "", c.Link != "", c.Empty, c.Tree != "",
	} {
		if is {
			given++
		}
	}
	if given != 1 {
		faults = append(faults, config.Faultf("", "want one of programs, images, tarballs, text, link, empty and tree"))
	}
	if c.To == "" && (c.Text != "" || c.Link != "" || c.Empty) {
		faults = append(faults, config.Faultf("to", "is missing: want the path in the tarball"))
	}
	if (c.Images != nil) != (c.Reference != "") {
		faults = append(faults, config.Faultf("reference", "want the name of images, and for nothing else"))
	}
	for _, text := range []string{c.Text, c.Reference} {
		if _, err := sample("amd64").Expand(text); err != nil {
			faults = append(faults, config.Faultf("", "%v", err))
		}
	}
	return append(faults, c.Part.validate()...)
}

func (p Part) validate() []config.Fault {
	var faults []config.Fault
	if p.Tree == "" && (p.Files != nil || p.Only != nil || p.Without != nil || p.Links || p.Optional) {
		faults = append(faults, config.Faultf("tree", "is missing: files, only, without, links and optional are about it"))
	}
	if p.Tree != "" && !fs.ValidPath(p.Tree) {
		faults = append(faults, config.Faultf("tree", "%q: want a path below the tree's root, or .", p.Tree))
	}
	globs := func(field string, list []string) {
		for i, g := range list {
			if err := glob.Check(g); err != nil {
				faults = append(faults, config.At(field, i, "%v", err))
			}
		}
	}
	globs("only", p.Only)
	globs("without", p.Without)
	return faults
}

// Generic returns the recipes of a project whose releases nobody has described: the programs
// and the license, in a folder, for each platform.
func Generic(programs []string) Recipes {
	const name = "{{.Name}}-{{.Version}}-{{.OS}}-{{.Arch}}"
	in := []string{"release"}
	return Recipes{
		Tarballs: []Recipe{{Kind: "release", File: name + ".tar.gz", Folder: name}},
		Contents: []Content{
			{In: in, Programs: programs},
			{In: in, Part: Part{Tree: "LICENSE", Optional: true}},
		},
	}
}
