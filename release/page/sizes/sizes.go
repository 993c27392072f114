// Package sizes tells what makes a Go program as large as it is: how many bytes of its
// file are code of which package, and how many are something else. A stripped program
// has no symbols, but it always has the table that the runtime reads for stack traces,
// and that says where each function begins and ends.
package sizes

import (
	"cmp"
	"debug/buildinfo"
	"debug/gosym"
	"io"
	"os"
	"slices"
)

// Standard is the module of Go's own packages.
const Standard = "std"

// A Weight is how many bytes of a program's file one thing takes.
type Weight struct {
	Module  string // its path; Standard; "" of what is not code of a Go package
	Package string // its import path; of what is not code of a Go package, what it is
	Bytes   int64  // in the file, more than 0
}

// What takes bytes besides the code of packages.
const (
	OtherCode = "other code"          // C, stubs for dynamic linking, what the compiler generates for types
	Lines     = "function tables"     // where functions begin and end, with files and lines
	ReadOnly  = "read-only data"      // constants, strings, descriptions of types
	Data      = "data"                // variables with a first value
	Symbols   = "symbols and headers" // what the loader does not map, and what is between sections
)

// File returns what takes how many bytes of a program.
func File(name string) ([]Weight, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return Read(f, info.Size())
}

// Read returns what takes how many bytes of the program r of so many bytes, sorted by
// module and package. The weights are the size in total. Of a file that is not a Go
// program in ELF, Mach-O or PE, or has a table that debug/gosym cannot read, it returns
// nothing: there is nothing to tell.
func Read(r io.ReaderAt, size int64) ([]Weight, error) {
	sections, err := read(r)
	if err != nil || len(sections) == 0 {
		return nil, err
	}
	table, err := lineTable(sections)
	if err != nil || table == nil {
		return nil, err
	}
	info, err := buildinfo.Read(r)
	if err != nil {
		info = &buildinfo.BuildInfo{} // a program from before Go 1.13 says nothing of modules
	}
	weights := map[Weight]int64{}
	left, code := size, int64(0)
	for _, s := range sections {
		weights[Weight{Package: s.kind}] += s.size
		if left -= s.size; s.kind == OtherCode {
			code += s.size
		}
	}
	modules := newModules(info)
	for _, f := range table.Funcs {
		n := min(int64(f.End-f.Entry), code) // a broken table cannot have more than there is
		if name := f.PackageName(); name != "" && n > 0 {
			weights[modules.of(name)] += n
			weights[Weight{Package: OtherCode}] -= n
			code -= n
		}
	}
	if left < 0 {
		return nil, nil // sections that overlap: no linker of Go's wrote this
	}
	weights[Weight{Package: Symbols}] += left
	return sorted(weights), nil
}

// lineTable returns the functions of a program, or nil where no section has them.
func lineTable(sections []section) (*gosym.Table, error) {
	for _, s := range sections {
		if !s.table {
			continue
		}
		data, err := s.data()
		if err != nil {
			return nil, err
		}
		if s.kind != Lines {
			if data = afterMagic(data); data == nil {
				continue
			}
		}
		// Only the distances between addresses matter here, so any start will do.
		table, err := gosym.NewTable(nil, gosym.NewLineTable(data, 0))
		if err != nil || len(table.Funcs) == 0 {
			continue
		}
		return table, nil
	}
	return nil, nil
}

func sorted(weights map[Weight]int64) []Weight {
	var out []Weight
	for w, n := range weights {
		if n > 0 {
			w.Bytes = n
			out = append(out, w)
		}
	}
	slices.SortFunc(out, func(a, b Weight) int {
		return cmp.Or(cmp.Compare(a.Module, b.Module), cmp.Compare(a.Package, b.Package))
	})
	return out
}
