package sizes

import (
	"bytes"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"io"
	"strings"
)

// A section is a part of a program's file.
type section struct {
	kind  string // OtherCode, until its functions are known; Lines, ReadOnly, Data or Symbols
	size  int64  // bytes in the file
	table bool   // it is the table of functions, or has it in it
	data  func() ([]byte, error)
}

// read returns the sections of a program that have bytes in its file; none, if it is of
// another format.
func read(r io.ReaderAt) ([]section, error) {
	magic := make([]byte, 4)
	if n, err := r.ReadAt(magic, 0); n < len(magic) {
		if err == io.EOF {
			err = nil
		}
		return nil, err
	}
	switch {
	case string(magic) == elf.ELFMAG:
		return readELF(r)
	case bytes.Equal(magic, []byte{0xcf, 0xfa, 0xed, 0xfe}): // 64 bits, little endian
		return readMachO(r)
	case string(magic[:2]) == "MZ":
		return readPE(r)
	}
	return nil, nil
}

func readELF(r io.ReaderAt) ([]section, error) {
	f, err := elf.NewFile(r)
	if err != nil {
		return nil, nil
	}
	var out []section
	for _, s := range f.Sections {
		kind := Symbols
		switch {
		case s.Type == elf.SHT_NOBITS || s.Type == elf.SHT_NULL:
			continue
		case strings.HasSuffix(s.Name, ".gopclntab"): // .data.rel.ro.gopclntab, where code is position independent
			kind = Lines
		case s.Flags&elf.SHF_EXECINSTR != 0:
			kind = OtherCode
		case s.Flags&elf.SHF_WRITE != 0:
			kind = Data
		case s.Flags&elf.SHF_ALLOC != 0:
			kind = ReadOnly
		}
		out = append(out, section{kind: kind, size: int64(s.FileSize), table: kind == Lines, data: s.Data})
	}
	return out, nil
}

func readMachO(r io.ReaderAt) ([]section, error) {
	f, err := macho.NewFile(r)
	if err != nil {
		return nil, nil
	}
	const zeroFill, someCode = 1, 0x80000000 | 0x400
	var out []section
	for _, s := range f.Sections {
		kind := ReadOnly
		switch {
		case s.Flags&0xff == zeroFill:
			continue
		case s.Name == "__gopclntab":
			kind = Lines
		case s.Flags&someCode != 0:
			kind = OtherCode
		case s.Seg == "__DATA":
			kind = Data
		case s.Seg == "__DWARF":
			kind = Symbols
		}
		out = append(out, section{kind: kind, size: int64(s.Size), table: kind == Lines, data: s.Data})
	}
	return out, nil
}

// readPE returns the sections of a program for Windows. The table is somewhere in the
// read-only data, under no name.
func readPE(r io.ReaderAt) ([]section, error) {
	f, err := pe.NewFile(r)
	if err != nil {
		return nil, nil
	}
	var out []section
	for _, s := range f.Sections {
		kind := ReadOnly
		switch {
		case s.Characteristics&pe.IMAGE_SCN_CNT_CODE != 0:
			kind = OtherCode
		case s.Characteristics&pe.IMAGE_SCN_MEM_DISCARDABLE != 0:
			kind = Symbols
		case s.Characteristics&pe.IMAGE_SCN_MEM_WRITE != 0:
			kind = Data
		}
		out = append(out, section{kind: kind, size: int64(s.Size), table: kind == ReadOnly, data: s.Data})
	}
	return out, nil
}

// afterMagic returns data from where the table of functions begins in it: it begins as
// the linker has written it since Go 1.20, for a little-endian processor of 64 bits whose
// instructions have any length (amd64) or four bytes (arm64).
func afterMagic(data []byte) []byte {
	for _, quantum := range []byte{1, 4} {
		if i := bytes.Index(data, []byte{0xf1, 0xff, 0xff, 0xff, 0, 0, quantum, 8}); i >= 0 {
			return data[i:]
		}
	}
	return nil
}
