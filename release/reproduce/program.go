package reproduce

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"fmt"
	"runtime/debug"
)

// compareProgram explains how two programs differ: in what the go command noted in them,
// and in the sections of an ELF. It returns nothing for what is no program.
func compareProgram(want, got []byte) []Finding {
	found := compareBuildInfo(want, got)
	w, wErr := elf.NewFile(bytes.NewReader(want))
	g, gErr := elf.NewFile(bytes.NewReader(got))
	if wErr != nil || gErr != nil {
		if len(found) > 0 {
			found = append(found, differingBytes("content", want, got))
		}
		return found
	}
	found = append(found, compareSections(w, g)...)
	if len(found) == 0 {
		found = append(found, differingBytes("outside of the sections", want, got))
	}
	return found
}

// compareSections compares sections by their names.
func compareSections(want, got *elf.File) []Finding {
	var found []Finding
	ws, gs := sections(want), sections(got)
	for _, name := range keysOf(ws, gs) {
		w, g := ws[name], gs[name]
		if w == nil || g == nil {
			what := "section was added"
			if g == nil {
				what = "section is missing"
			}
			found = append(found, Finding{Where: []string{name}, What: what})
			continue
		}
		a, aErr := w.Data()
		b, bErr := g.Data()
		if w.Type != elf.SHT_NOBITS && (aErr != nil || bErr != nil) {
			found = append(found, Finding{Where: []string{name}, What: "section cannot be read"})
			continue
		}
		if !bytes.Equal(a, b) {
			of := differingBytes("section", a, b)
			of.Where = []string{name}
			found = append(found, of)
		}
		// Where a section lies follows from the size of those before it.
		if w.Addr != g.Addr || w.Size != g.Size && w.Type == elf.SHT_NOBITS {
			found = append(found, Finding{Where: []string{name}, What: "address", derived: true,
				Want: fmt.Sprintf("%#x", w.Addr), Got: fmt.Sprintf("%#x", g.Addr)})
		}
		if w.Flags != g.Flags || w.Type != g.Type || w.Addralign != g.Addralign {
			found = append(found, Finding{Where: []string{name}, What: "section header",
				Want: fmt.Sprint(w.Type, w.Flags, w.Addralign), Got: fmt.Sprint(g.Type, g.Flags, g.Addralign)})
		}
	}
	return found
}

func sections(f *elf.File) map[string]*elf.Section {
	out, seen := map[string]*elf.Section{}, map[string]int{}
	for _, s := range f.Sections {
		name := s.Name
		if seen[s.Name]++; seen[s.Name] > 1 {
			name = fmt.Sprintf("%s (%d)", s.Name, seen[s.Name])
		}
		out[name] = s
	}
	delete(out, "") // the first section is none
	return out
}

// compareBuildInfo compares what the go command noted: its version, modules and settings.
func compareBuildInfo(want, got []byte) []Finding {
	w, wErr := buildinfo.Read(bytes.NewReader(want))
	g, gErr := buildinfo.Read(bytes.NewReader(got))
	if wErr != nil || gErr != nil {
		return nil
	}
	ws, gs := facts(w), facts(g)
	var found []Finding
	for _, key := range keysOf(ws, gs) {
		if ws[key] != gs[key] {
			found = append(found, Finding{Where: []string{"build info"}, What: key, Want: short(ws[key]), Got: short(gs[key])})
		}
	}
	return found
}

func facts(i *debug.BuildInfo) map[string]string {
	out := map[string]string{"go": i.GoVersion, "main package": i.Path, "main module": module(&i.Main)}
	for _, m := range i.Deps {
		out["module "+m.Path] = module(m)
	}
	for _, s := range i.Settings {
		out["setting "+s.Key] = s.Value
	}
	return out
}

func module(m *debug.Module) string {
	if m.Replace != nil {
		return fmt.Sprintf("%s, replaced by %s@%s %s", m.Version, m.Replace.Path, m.Replace.Version, m.Replace.Sum)
	}
	return m.Version + " " + m.Sum
}
