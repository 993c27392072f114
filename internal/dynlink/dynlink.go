// Package dynlink reads what a dynamically linked program wants of the system that it
// runs on: its loader, its libraries, and versions of their symbols.
package dynlink

import (
	"debug/elf"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// An Object is a program or a shared library, as its ELF headers describe it.
type Object struct {
	Machine elf.Machine
	Class   elf.Class
	Loader  string   // of a dynamically linked program, as /lib64/ld-linux-x86-64.so.2
	Needed  []string // names of shared libraries
	RPath   []string // dirs that are searched first, also for the libraries of libraries
	RunPath []string // dirs that are searched first, and rule out RPath
	Wants   []Want
	Defines []string // versions of symbols that a library has, as GLIBC_2.34
}

// A Want is a version of symbols that a library has to define.
type Want struct {
	Library string // one of Object.Needed
	Version string
	Weak    bool // the program starts without it
}

// machines maps Go's names of architectures to the machine of an ELF header.
var machines = map[string]elf.Machine{
	"386": elf.EM_386, "amd64": elf.EM_X86_64, "arm": elf.EM_ARM, "arm64": elf.EM_AARCH64,
	"loong64": elf.EM_LOONGARCH, "ppc64le": elf.EM_PPC64, "riscv64": elf.EM_RISCV, "s390x": elf.EM_S390,
}

// Machine returns the machine of an architecture that Go names arch.
func Machine(arch string) elf.Machine { return machines[arch] }

// Open reads the program or library in a file.
func Open(name string) (Object, error) {
	f, err := os.Open(name)
	if err != nil {
		return Object{}, err
	}
	defer f.Close()
	return Read(f)
}

// Read reads a program or library.
func Read(r io.ReaderAt) (Object, error) {
	f, err := elf.NewFile(r)
	if err != nil {
		return Object{}, err
	}
	defer f.Close()
	o := Object{Machine: f.Machine, Class: f.Class}
	if o.Loader, err = loader(f); err != nil {
		return o, err
	}
	if o.Needed, err = f.ImportedLibraries(); err != nil {
		return o, fmt.Errorf("reading its libraries: %w", err)
	}
	if o.RPath, err = dirs(f, elf.DT_RPATH); err != nil {
		return o, err
	}
	if o.RunPath, err = dirs(f, elf.DT_RUNPATH); err != nil {
		return o, err
	}
	return o, o.versions(f)
}

// loader returns the interpreter that a program names, if it names one.
func loader(f *elf.File) (string, error) {
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP {
			continue
		}
		text := make([]byte, min(p.Filesz, 4096)) // PATH_MAX
		if _, err := p.ReadAt(text, 0); err != nil {
			return "", fmt.Errorf("reading its loader: %w", err)
		}
		return strings.TrimRight(string(text), "\x00"), nil
	}
	return "", nil
}

// dirs returns the dirs of a tag whose values are lists, separated by colons.
func dirs(f *elf.File, tag elf.DynTag) ([]string, error) {
	lists, err := f.DynString(tag)
	if err != nil {
		return nil, fmt.Errorf("reading its %s: %w", tag, err)
	}
	var out []string
	for _, list := range lists {
		out = append(out, strings.Split(list, ":")...)
	}
	return slices.DeleteFunc(out, func(dir string) bool { return dir == "" }), nil
}

// versions reads which versions of symbols an object wants and defines. The first of
// those defined is the library's name.
func (o *Object) versions(f *elf.File) error {
	if f.SectionByType(elf.SHT_GNU_VERSYM) == nil {
		return nil // its symbols have no versions
	}
	wants, err := f.DynamicVersionNeeds()
	if err != nil {
		return fmt.Errorf("reading the versions that it needs: %w", err)
	}
	for _, of := range wants {
		for _, v := range of.Needs {
			o.Wants = append(o.Wants, Want{
				Library: of.Name, Version: v.Dep, Weak: v.Flags&elf.VER_FLG_WEAK != 0,
			})
		}
	}
	defines, err := f.DynamicVersions()
	if err != nil {
		return fmt.Errorf("reading the versions that it defines: %w", err)
	}
	for _, v := range defines {
		if v.Flags&elf.VER_FLG_BASE == 0 {
			o.Defines = append(o.Defines, v.Name)
		}
	}
	return nil
}

// Newest returns the newest of versions that begin with a prefix, as GLIBC_, without
// the prefix; "" if there is none. What is no number, as GLIBC_PRIVATE, does not count.
func Newest(prefix string, versions []string) string {
	var newest *semver.Version
	for _, name := range versions {
		text, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		if v, err := semver.NewVersion(text); err == nil && (newest == nil || v.GreaterThan(newest)) {
			newest = v
		}
	}
	if newest == nil {
		return ""
	}
	return newest.Original()
}
