package images

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/dynlink"
)

// A root is the files of an image, those of its base among them.
type root struct {
	base  Base
	all   map[string]File
	bases map[string]Entry // the files of the base that no layer replaces
}

func newRoot(base Base, files []File) root {
	r := root{base: base, all: map[string]File{}, bases: map[string]Entry{}}
	for _, e := range base.Files {
		r.bases[e.Path] = e
		r.all[e.Path] = File{Path: e.Path, Target: e.Target, Folder: e.Folder, Mode: 0o755}
	}
	for _, f := range files {
		delete(r.bases, f.Path)
		r.all[f.Path] = f
	}
	addDirs(r.all)
	return r
}

// read returns the content of files, by path. None of them may be a link or a dir.
func (r root) read(paths []string) (map[string][]byte, error) {
	out := map[string][]byte{}
	wanted := map[int]map[string][]string{} // by layer of the base: names in it, to what they are read for
	for _, at := range paths {
		e, ok := r.bases[at]
		if !ok {
			data, err := content(r.all[at])
			if err != nil {
				return nil, err
			}
			out[at] = data
			continue
		}
		if wanted[e.layer] == nil {
			wanted[e.layer] = map[string][]string{}
		}
		name := e.Path
		if e.name != "" {
			name = e.name
		}
		wanted[e.layer][name] = append(wanted[e.layer][name], at)
	}
	for _, layer := range slices.Sorted(maps.Keys(wanted)) {
		for names := wanted[layer]; len(names) > 0; { // once more for the files that hard links are names of
			var err error
			if names, err = r.readLayer(layer, names, out); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// readLayer reads files of a layer of the base to out, and returns what is left to read:
// the files that hard links among them are names of.
func (r root) readLayer(layer int, names map[string][]string, out map[string][]byte) (map[string][]string, error) {
	left := map[string][]string{}
	err := eachHeader(r.base.Layers[layer], func(h *tar.Header, in io.Reader) error {
		name := path.Join("/", h.Name)
		paths, ok := names[name]
		if !ok {
			return nil
		}
		if h.Typeflag == tar.TypeLink {
			file := path.Join("/", h.Linkname)
			left[file] = append(left[file], paths...)
			return nil
		}
		data, err := io.ReadAll(in)
		for _, at := range paths {
			out[at] = data
		}
		return err
	})
	maps.DeleteFunc(left, func(name string, _ []string) bool { _, again := names[name]; return again })
	return left, err
}

// content returns what a file of a layer holds.
func content(f File) ([]byte, error) {
	if f.Source != "" {
		return os.ReadFile(f.Source)
	}
	in, _, err := f.open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return io.ReadAll(in)
}

// A loaded is a program or a library in memory, as the loader sees it.
type loaded struct {
	dynlink.Object
	path string
	by   *loaded // that needs it; nil for the program
}

// checkLinked returns what keeps the loader from starting a program: libraries, or
// versions of their symbols, that the image does not have.
func (r root) checkLinked(at, arch string, program dynlink.Object) ([]string, error) {
	if _, err := resolve(program.Loader, r.all); err != nil {
		return []string{r.missingLoader(at, program.Loader)}, nil
	}
	l := linker{root: r, arch: arch, program: &loaded{Object: program, path: at}, libraries: map[string]*loaded{}}
	if err := l.setUp(); err != nil {
		return nil, err
	}
	faults, err := l.load()
	if err != nil {
		return nil, err
	}
	return append(faults, l.checkVersions()...), nil
}

// missingLoader says that a program's loader is missing, and which one there is.
func (r root) missingLoader(at, loader string) string {
	if other := r.otherLoader(loader); other != "" {
		return fmt.Sprintf("%s is linked for %s and needs %s, but %s has %s with %s: take a base with %[2]s, "+
			"or compile it for %[5]s (build.c in fork.yaml)",
			at, libraryOf(loader), loader, r.base.Name, libraryOf(other), other)
	}
	return fmt.Sprintf("%s is dynamically linked and needs %s, which is missing: "+
		"set images.base in fork.yaml to an image with its libraries", at, loader)
}

// otherLoader returns a loader in the image of another C library than that of a loader.
func (r root) otherLoader(loader string) string {
	for _, at := range slices.Sorted(maps.Keys(r.all)) {
		name := path.Base(at)
		known := strings.HasPrefix(name, "ld-musl-") || strings.HasPrefix(name, "ld-linux")
		if known && libraryOf(at) != libraryOf(loader) {
			return at
		}
	}
	return ""
}

// libraryOf returns which C library a loader is of.
func libraryOf(loader string) string {
	if isMusl(loader) {
		return "musl"
	}
	return "glibc"
}

func isMusl(loader string) bool { return strings.HasPrefix(path.Base(loader), "ld-musl-") }

// objects reads libraries, by path. What is none is left out.
func (r root) objects(paths []string) (map[string]dynlink.Object, error) {
	data, err := r.read(paths)
	if err != nil {
		return nil, err
	}
	out := map[string]dynlink.Object{}
	for at, text := range data {
		if o, err := dynlink.Read(bytes.NewReader(text)); err == nil {
			out[at] = o
		}
	}
	return out, nil
}
