package profiles

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/internal/golden"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
)

// TestPackagesAreDocumented holds docs/reference-packages.md, a title and a paragraph aside, against the packages of
// the profiles.
func TestPackagesAreDocumented(t *testing.T) {
	page := filepath.Join("..", "docs", "reference-packages.md")
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, _, found := bytes.Cut(data, []byte("\n## "))
	if !found {
		t.Fatal("docs/reference-packages.md lists no package")
	}
	b := bytes.NewBuffer(slices.Clip(head))
	for _, of := range []struct{ profile, version string }{
		{"kubernetes", "1.36.1+acme.1"}, {"kubernetes", "1.5.2+acme.1"}, {"etcd", "3.7.3+acme.1"},
		{"flannel", "0.28.4+acme.1"}, {"cni-plugins", "1.9.1+acme.1"}, {"coredns", "1.14.7+acme.1"},
	} {
		fmt.Fprintf(b, "\n## %s %s\n", of.profile, of.version)
		for _, p := range assembled(t, of.profile, of.version) {
			describe(b, p)
		}
	}
	golden.Check(t, page, b.Bytes())
}

// assembled returns the packages of all components of a project, each of which is the
// same program, linked with nothing. A multi-call component takes the place of its programs.
func assembled(t *testing.T, profile, v string) []packaging.Package {
	t.Helper()
	return assembledFor(t, packaging.Debian(), profile, v)
}

// assembledFor returns these packages as they are for a family of distributions.
func assembledFor(t *testing.T, family packaging.Family, profile, v string) []packaging.Package {
	t.Helper()
	facts, faults, err := Load("", profile)
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	in := packaging.Input{
		Family: family, Platform: platform.Platform{OS: "linux", Arch: "amd64"}, Date: time.Unix(1e9, 0),
		Settings: packaging.Settings{Maintainer: "Mate <mate@example.org>"}.Defaulted(),
		Binaries: map[string]string{}, Docs: map[string]packaging.Doc{},
		Tree: func(string) ([]byte, error) { return []byte("of the tree\n"), nil },
	}
	in.Version = parse(t, v)
	if in.Recipes, in.Sources, err = Recipes("", profile, in.Version); err != nil {
		t.Fatal(err)
	}
	if recipes, err := Images("", profile); err == nil {
		in.Images = recipes.Own(in.Version)
	}
	in.Image = in.Tree
	program := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(program, static(t), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, m := range in.Recipes.Multicall {
		in.Programs = []string{m.Component}
	}
	for _, c := range facts.ComponentsAt(in.Version) {
		if !slices.Contains(in.Programs, c.Name) && in.Multicall(c.Name) == nil {
			in.Programs = append(in.Programs, c.Name)
		}
		in.Binaries[c.Name] = program
	}
	recipes, err := in.Select(nil)
	if err != nil {
		t.Fatal(err)
	}
	packages, err := in.Assemble(recipes, nil)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(packages, func(a, b packaging.Package) int { return strings.Compare(a.Name, b.Name) })
	return packages
}

// static returns the least that is a program for amd64.
func static(t *testing.T) []byte {
	t.Helper()
	h := elf.Header64{Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1, Ehsize: 64, Phentsize: 56,
		Shentsize: 64}
	copy(h.Ident[:], "\x7fELF\x02\x01\x01")
	var b bytes.Buffer
	if err := binary.Write(&b, binary.LittleEndian, h); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// describe writes what a reader asks of a package.
func describe(b *bytes.Buffer, p packaging.Package) {
	fmt.Fprintf(b, "\n**`%s`**: %s\n", p.Name, p.Summary)
	if len(p.Files) > 0 {
		b.WriteString("\n| path | what it is |\n| --- | --- |\n")
	}
	for _, f := range p.Files {
		fmt.Fprintf(b, "| `%s` | %s |\n", f.Path, meaning(f))
	}
	var relations []string
	for _, of := range []struct {
		name string
		list []packaging.Relation
	}{
		{"Depends on", p.Relations.Depends}, {"Recommends", p.Relations.Recommends}, {"Suggests", p.Relations.Suggests},
		{"Conflicts with", p.Relations.Conflicts}, {"Replaces", p.Relations.Replaces}, {"Provides", p.Relations.Provides},
	} {
		var names []string
		for _, r := range of.list {
			names = append(names, "`"+string(r)+"`")
		}
		if len(names) > 0 {
			relations = append(relations, of.name+" "+strings.Join(names, ", ")+".")
		}
	}
	if len(relations) > 0 {
		b.WriteString("\n" + strings.Join(relations, "\n") + "\n")
	}
}

// meaning tells what a file is for.
func meaning(f packaging.File) string {
	switch {
	case f.Kind == packaging.Link:
		return "link to `" + f.Target + "`"
	case f.Kind == packaging.Folder:
		return "folder"
	case f.Source != "":
		return "program"
	case strings.HasSuffix(f.Path, ".service"):
		out := []string{"service"}
		for _, key := range []string{"Type", "User", "After", "Before"} {
			if m := regexp.MustCompile(`(?m)^` + key + `=(.*)$`).FindSubmatch(f.Data); m != nil {
				out = append(out, fmt.Sprintf("%s `%s`", strings.ToLower(key), m[1]))
			}
		}
		return strings.Join(out, ", ")
	case strings.HasPrefix(f.Path, "/usr/lib/systemd/system-generators/"):
		return "systemd generator"
	case strings.HasPrefix(f.Path, "/usr/lib/systemd/"):
		return "unit, or drop-in of one"
	case f.Kind == packaging.Config:
		var names []string
		for _, m := range regexp.MustCompile(`(?m)^([A-Z_]+)=`).FindAllSubmatch(f.Data, -1) {
			names = append(names, "`"+string(m[1])+"`")
		}
		return strings.TrimSuffix("configuration: "+strings.Join(names, ", "), ": ")
	case strings.HasPrefix(f.Path, "/usr/share/man/"):
		return "manual page"
	case strings.Contains(f.Path, "completions"):
		return "completions"
	case strings.HasPrefix(f.Path, "/usr/lib/sysusers.d/"):
		return "user `" + strings.Fields(string(f.Data))[1] + "`"
	case f.Mode&0o111 != 0:
		return "script"
	}
	return "file"
}
