package sbom

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/purl"
)

// A binary is what a binary of the release holds.
type binary struct {
	component
	parts    []component
	complete bool // they are all that is linked into it
}

// addBinary adds a binary and what is linked into it to a document.
func (a *assembler) addBinary(d *document, f artifact.Released) (component, error) {
	b, ok := a.read[f.Path]
	if !ok {
		var err error
		if b, err = a.binary(f); err != nil {
			return b.component, err
		}
		a.read[f.Path] = b
	}
	links := edge{from: b.ref, complete: b.complete}
	for _, c := range b.parts {
		links.to = append(links.to, c.ref)
	}
	d.add(b.component)
	d.add(b.parts...)
	d.edges = append(d.edges, links)
	return b.component, nil
}

// binary reads a binary of the release. One that says nothing of its modules, such as
// what was compiled in a GOPATH, has all that are known of the release.
func (a *assembler) binary(f artifact.Released) (binary, error) {
	c, err := a.file(f)
	if err != nil {
		return binary{}, err
	}
	c.form = programForm
	b := binary{component: c}
	info, err := buildinfo.ReadFile(filepath.Join(a.dir, filepath.FromSlash(f.Path)))
	if failed := (*fs.PathError)(nil); errors.As(err, &failed) {
		return b, err
	}
	var modules []artifact.Module
	if err == nil && info.Main.Path != "" {
		b.complete = true
		modules, err = a.linked(info)
		if err != nil {
			return b, fmt.Errorf("%s: %w", f.Path, err)
		}
	} else {
		modules = a.Modules
	}
	for _, m := range modules {
		b.parts = append(b.parts, a.module(m))
	}
	b.parts = append(b.parts, standardLibrary(a.toolchain(info)))
	for _, p := range b.parts {
		b.licenses = append(b.licenses, p.licenses...)
	}
	b.licenses = sorted(append(b.licenses, a.forkLicense()...))
	return b, nil
}

// linked returns the modules that a binary records, as they are known of the release.
func (a *assembler) linked(info *buildinfo.BuildInfo) ([]artifact.Module, error) {
	var out []artifact.Module
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		path, version := m.Path, m.Version
		if r := m.Replace; r != nil && r.Version != "" && r.Version != "(devel)" {
			path, version = r.Path, r.Version
		}
		found := false
		for _, known := range a.Modules {
			if known.Path == path && (known.Local || known.Version == version) {
				out, found = append(out, known), true
				break
			}
		}
		if !found {
			return nil, fmt.Errorf("module %s %s is linked into it, but not among those that are known of the release: "+
				"it was built otherwise than the fork says; build it again", path, version)
		}
	}
	return out, nil
}

// toolchain returns the Go that compiled a binary, go1.26.0: what the binary says, or
// else the release.
func (a *assembler) toolchain(info *buildinfo.BuildInfo) string {
	said := a.Release.Toolchain
	if info != nil {
		said = info.GoVersion
	}
	said, _, _ = strings.Cut(said, " ") // names experiments after it
	said, _, _ = strings.Cut(said, "-X:")
	return said
}

// module returns a module as a component.
func (a *assembler) module(m artifact.Module) component {
	c := component{
		ref: moduleRef(m.Path, m.Version), kind: library, name: m.Path, version: m.Version, sum: m.Sum,
		purl: purl.Module(m.Path, m.Version), creator: makerOf(m.Path), licenses: m.Licenses, form: archiveForm,
	}
	if m.Local {
		c.source, c.filename = a.source(), filepath.Base(a.source())
		if c.source == "" {
			c.filename = filepath.Base(m.Path)
		}
		if m.Version == "v"+a.Release.Version {
			c.creator = a.creator // the fork's is nobody else's
		}
		return c
	}
	c.filename = m.Version + ".zip"
	if m.Sum != "" {
		c.where = moduleURL(m.Path, m.Version)
		c.source = c.where
	}
	return c
}

// moduleURL returns the page of a module, which leads to its source.
func moduleURL(path, version string) string { return "https://pkg.go.dev/" + path + "@" + version }

// standardLibrary returns that of a release of Go as a component, by the name that
// vulnerability databases have for it.
func standardLibrary(goVersion string) component {
	version := "v" + strings.TrimPrefix(goVersion, "go")
	return component{
		ref: "stdlib@" + version, kind: library, name: "stdlib", version: version, purl: purl.Module("stdlib", version),
		creator: organization{name: "The Go Authors", url: "https://go.dev"}, licenses: []string{"BSD-3-Clause"},
		filename: goVersion + ".src.tar.gz", source: "https://go.dev/dl/" + goVersion + ".src.tar.gz",
		where: "https://go.dev/dl/" + goVersion + ".src.tar.gz", form: archiveForm,
	}
}
