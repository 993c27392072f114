package cross

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/dynlink"
	"github.com/slipway-build/slipway/platform"
)

// A Sysroot is a folder with the C headers and libraries of the system that is compiled
// for. The zero value is none.
type Sysroot struct {
	Path   string   // absolute
	Digest string   // of all files in it
	header string   // dir in it with stdlib.h, as usr/include
	lib    string   // dir in it with crt1.o for the platform, as usr/lib/x86_64-linux-gnu
	dirs   []string // with libraries
	tree   filetree.Tree
}

// NewSysroot returns a folder as a sysroot for a platform. Its links lead to places
// inside it. The error says what is missing.
func NewSysroot(dir filetree.Dir, p platform.Platform) (Sysroot, error) {
	s := Sysroot{Path: dir.Path, Digest: dir.Tree.Digest(), tree: dir.Tree}
	if strings.ContainsAny(s.Path, `,"`) {
		return s, fmt.Errorf("%s has a comma or a double quote in its path, where compilers and linkers split it: "+
			"move the project", s.Path)
	}
	has := func(name string) bool { _, ok := dir.Tree.Lookup(dir.Resolve(name)); return ok }
	var err error
	if s.header, err = findHeaders(has); err != nil {
		return s, err
	}
	if err := s.findStart(dir, p); err != nil {
		return s, err
	}
	if !slices.ContainsFunc([]string{"libc.so", "libc.a"}, func(name string) bool { return has(path.Join(s.lib, name)) }) {
		return s, missingFile(path.Join(s.lib, "libc.so"), "libc6-dev")
	}
	other := "usr/" + s.lib
	if below, ok := strings.CutPrefix(s.lib, "usr/"); ok {
		other = below
	}
	s.dirs = []string{s.lib}
	if resolved := dir.Resolve(other); resolved != s.lib && len(dir.Tree.Below(resolved)) > 0 {
		s.dirs = append(s.dirs, other)
	}
	return s, nil
}

// LookAtSysroot returns what is wrong with a folder that is to be a sysroot, as far as that is
// known without reading its files.
func LookAtSysroot(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	_, err = findHeaders(func(name string) bool {
		_, err := root.Stat(filepath.FromSlash(name))
		return !errors.Is(err, fs.ErrNotExist) // a link that leads out of the folder is followed in it later
	})
	return err
}

// findHeaders finds the folder with stdlib.h.
func findHeaders(has func(name string) bool) (string, error) {
	for _, in := range []string{"usr/include", "include"} {
		if has(path.Join(in, "stdlib.h")) {
			return in, nil
		}
	}
	return "", missingFile("usr/include/stdlib.h", "libc6-dev")
}

func missingFile(name, pkg string) error {
	return fmt.Errorf("the sysroot is not complete: %s is missing: add the package with it, as Debian's %s", name, pkg)
}

// findStart finds crt1.o, which every program begins with, for the platform.
func (s *Sysroot) findStart(dir filetree.Dir, p platform.Platform) error {
	class := elf.ELFCLASS64
	if p.Arch == "386" || p.Arch == "arm" {
		class = elf.ELFCLASS32
	}
	found := elf.EM_NONE
	for _, e := range dir.Tree {
		if path.Base(e.Path) != "crt1.o" {
			continue
		}
		start, err := dynlink.Open(filepath.Join(dir.Path, filepath.FromSlash(e.Path)))
		if err != nil {
			continue
		}
		if found = start.Machine; found == dynlink.Machine(p.Arch) && start.Class == class {
			s.lib = path.Dir(e.Path)
			return nil
		}
	}
	if found != elf.EM_NONE {
		return fmt.Errorf("the sysroot is for %s, not for %s", found, p)
	}
	return missingFile("usr/lib/crt1.o", "libc6-dev")
}

// flags returns the arguments that have a compiler search in the sysroot, which is at
// root. A compiler looks for crt1.o beside itself first, and one of another distribution
// does not know Debian's dirs for each architecture.
func (s Sysroot) flags(root string) []string {
	if root == "" {
		return nil
	}
	return []string{"--sysroot=" + root, "-B" + path.Join(root, s.lib)}
}

// headerFlags returns where C headers are. One that compiles for another architecture has
// dirs of headers that no sysroot replaces; those of -isystem come first. In C++, whose
// headers include the next of the same name, they have to come last.
func (s Sysroot) headerFlags(root, option string) []string {
	if root == "" {
		return nil
	}
	out := []string{option, path.Join(root, s.header)}
	if triplet := path.Base(s.lib); strings.Contains(triplet, "-linux-") {
		out = append([]string{option, path.Join(root, s.header, triplet)}, out...)
	}
	return out
}

// linkerFlags returns those for the linker alone: where the libraries of libraries are.
func (s Sysroot) linkerFlags(root string) []string {
	var out []string
	for _, dir := range s.dirs {
		out = append(out, "-L"+path.Join(root, dir), "-Wl,-rpath-link="+path.Join(root, dir))
	}
	return out
}

// pkgConfig returns where pkg-config looks.
func (s Sysroot) pkgConfig(root string) string {
	return path.Join(root, s.lib, "pkgconfig") + ":" + path.Join(root, "usr/share/pkgconfig")
}

// verify returns an error if a sysroot is not what it was. Go's build cache does not know
// of the files in it.
func (s Sysroot) verify(ctx context.Context) error {
	if s.Path == "" {
		return nil
	}
	err := filetree.Dir{Path: s.Path, Tree: s.tree}.Verify(ctx, nil)
	if err != nil {
		err = fmt.Errorf("%w\n  Go's build cache may have what was compiled with it: go clean -cache, then run again", err)
	}
	return err
}
