package packaging

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/internal/unitfile"
)

// A rule returns what is wrong with a package among those that are made together.
type rule struct {
	name  string
	check func(checked, Package) []string
}

// rules are what must be true of every package before one is written.
func rules() []rule {
	return []rule{
		{"metadata", metadata},
		{"places", places},
		{"nesting", nesting},
		{"papers", papers},
		{"modes", modes},
		{"links", links},
		{"programs", programs},
		{"units", units},
		{"unit names", unitNames},
		{"state", state},
		{"retired", retired},
		{"layered", layered},
		{"relations", relations},
		{"owners", owners},
	}
}

// checked is what packages are checked with.
type checked struct {
	all   []Package
	names []string // of all packages of the fork
}

// check applies the rules to packages of the fork.
func (in Input) check(packages []Package, search Search) error {
	recipes, err := in.Select(nil)
	if err != nil {
		return err
	}
	c := checked{all: packages, names: recipeNames(recipes)}
	var errs []error
	for _, p := range packages {
		for _, r := range rules() {
			for _, fault := range r.check(c, p) {
				errs = append(errs, fmt.Errorf("package %s: %s", p.Name, fault))
			}
		}
		for _, err := range search.in(p) {
			errs = append(errs, fmt.Errorf("package %s: %w", p.Name, err))
		}
	}
	return errors.Join(errs...)
}

func metadata(_ checked, p Package) []string {
	var faults []string
	for what, value := range map[string]string{
		"homepage": p.Homepage, "license": p.License, "copyright": p.Copyright, "section": p.Section,
		"license text": string(p.LicenseText),
	} {
		if value == "" {
			faults = append(faults, "it has no "+what)
		}
	}
	slices.Sort(faults)
	return faults
}

// foreign are the folders where packages have no files: the administrator's, those
// that are new at every boot, and those that are links where /usr is merged.
var foreign = regexp.MustCompile(`^/(usr/local|var/local|home|root|mnt|media|tmp|run|var/run|var/lock|` +
	`var/tmp|srv|proc|sys|dev|bin|sbin|lib|lib32|lib64|libx32)(/|$)`)

func places(_ checked, p Package) []string {
	var faults []string
	for _, f := range p.Files {
		switch {
		case !clean(f.Path):
			faults = append(faults, fmt.Sprintf("%q is not a path from the root", f.Path))
		case f.Kind == Config && strings.HasSuffix(f.Path, " "):
			faults = append(faults, fmt.Sprintf("%q ends with a blank, which dpkg takes off a configuration file", f.Path))
		case foreign.MatchString(f.Path):
			faults = append(faults, f.Path+" is in a folder where packages may not have files")
		case f.Kind != Folder && f.Kind == Config != strings.HasPrefix(f.Path, "/etc/"):
			faults = append(faults, f.Path+": configuration files belong in /etc, and no others do")
		}
	}
	return faults
}

// nesting finds files below what is not a folder.
func nesting(_ checked, p Package) []string {
	kinds := map[string]Kind{}
	for _, f := range p.Files {
		kinds[f.Path] = f.Kind
	}
	var faults []string
	for _, f := range p.Files {
		for dir := path.Dir(f.Path); len(dir) > 1; dir = path.Dir(dir) {
			if kind, ok := kinds[dir]; ok && kind != Folder {
				faults = append(faults, fmt.Sprintf("%s is below %s, which is a %v", f.Path, dir, kind))
			}
		}
	}
	return faults
}

// papers finds files at the paths of those that every package gets, whatever its format.
func papers(_ checked, p Package) []string {
	doc := "/usr/share/doc/" + p.Name + "/"
	places := []string{doc + "copyright", doc + "changelog.Debian.gz", "/usr/share/licenses/" + p.Name + "/LICENSE"}
	var faults []string
	for _, f := range p.Files {
		switch {
		case slices.Contains(places, f.Path):
			faults = append(faults, f.Path+" is written by Slipway: leave it out")
		case f.Path == "/usr/share/lintian/overrides/"+p.Name:
			faults = append(faults, f.Path+" is written by Slipway: list what you accept in packages.yaml, in overrides")
		}
	}
	return faults
}

func modes(_ checked, p Package) []string {
	var faults []string
	for _, f := range p.Files {
		if f.Kind != Link && f.Mode&0o022 != 0 {
			faults = append(faults, fmt.Sprintf("%s can be written by others (%04o)", f.Path, f.Mode))
		}
		if f.Mode&^0o777 != 0 {
			faults = append(faults, fmt.Sprintf("%s has a mode beyond permissions (%v)", f.Path, f.Mode))
		}
	}
	return faults
}

// reachable returns the packages that are installed with p: itself, and those that
// it depends on.
func (c checked) reachable(p Package) []Package {
	out := []Package{p}
	for i := 0; i < len(out); i++ {
		for _, r := range out[i].Relations.Depends {
			for _, q := range c.all {
				if r.Names()[0].Package == q.Name && !named(out, q.Name) {
					out = append(out, q)
				}
			}
		}
	}
	return out
}

func named(packages []Package, name string) bool {
	return slices.ContainsFunc(packages, func(p Package) bool { return p.Name == name })
}

// has reports whether a path is installed with p. A package of the fork that is
// not made in this run is taken to have it.
func (c checked) has(p Package, at string) bool {
	for _, q := range c.reachable(p) {
		if _, ok := q.lookup(at); ok {
			return true
		}
		for _, r := range q.Relations.Depends {
			if name := r.Names()[0].Package; slices.Contains(c.names, name) && !named(c.all, name) {
				return true
			}
		}
	}
	return false
}

// nowhere ends the messages about a path that a package needs and that is not there.
const nowhere = "is neither in it nor in a package that it depends on"

func links(c checked, p Package) []string {
	var faults []string
	for _, f := range p.Files {
		if f.Kind != Link {
			continue
		}
		target := f.Target
		if !path.IsAbs(target) {
			target = path.Join(path.Dir(f.Path), target)
		}
		if !c.has(p, target) {
			faults = append(faults, fmt.Sprintf("%s points to %s, which %s", f.Path, target, nowhere))
		}
	}
	return faults
}

// machines are ELF's names of Go's architectures.
var machines = map[string]elf.Machine{
	"386": elf.EM_386, "amd64": elf.EM_X86_64, "arm": elf.EM_ARM, "arm64": elf.EM_AARCH64, "loong64": elf.EM_LOONGARCH,
	"ppc64le": elf.EM_PPC64, "riscv64": elf.EM_RISCV, "s390x": elf.EM_S390,
}

func programs(_ checked, p Package) []string {
	var faults []string
	for _, f := range p.Files {
		if f.Source == "" {
			continue
		}
		bin, err := elf.Open(f.Source)
		if err != nil {
			faults = append(faults, fmt.Sprintf("%s: %s is not a program for Linux: %v", f.Path, f.Source, err))
			continue
		}
		if bin.Machine != machines[p.Platform.Arch] {
			faults = append(faults, fmt.Sprintf("%s is a program for %v, not for %s", f.Path, bin.Machine, p.Platform))
		}
		bin.Close()
	}
	return faults
}

// runs are the settings whose values are commands.
var runs = []string{"ExecCondition", "ExecReload", "ExecStart", "ExecStartPost", "ExecStartPre", "ExecStop",
	"ExecStopPost"}

// system are programs that units take for granted on a host that runs services.
var system = []string{"cat", "chgrp", "chmod", "chown", "cp", "echo", "env", "false", "install", "kill", "ln", "mkdir",
	"modprobe", "mv", "rm", "rmdir", "sh", "sleep", "sysctl", "systemctl", "test", "touch", "true"}

// inSystem reports whether a path is of a program of the system.
func inSystem(at string) bool {
	dir := strings.TrimPrefix(path.Dir(at), "/usr")
	return (dir == "/bin" || dir == "/sbin") && slices.Contains(system, path.Base(at))
}

func units(c checked, p Package) []string {
	var faults []string
	for _, f := range p.Files {
		if !strings.HasPrefix(f.Path, unitDir) {
			continue
		}
		if of, dropIn := strings.CutSuffix(path.Dir(f.Path), ".d"); dropIn && !c.has(p, of) {
			continue // it changes a service of others, if there is one
		}
		unit, commands, err := executed(f)
		if err != nil {
			faults = append(faults, err.Error())
			continue
		}
		for _, command := range commands {
			if at := command.Program; !inSystem(at) && !c.has(p, at) {
				faults = append(faults, fmt.Sprintf("%s runs %s, which %s", f.Path, at, nowhere))
			}
		}
		service := func(s unitfile.Setting) bool { return s.Section == "Service" }
		if path.Ext(f.Path) == ".service" && f.Kind != Link && !slices.ContainsFunc(unit, service) {
			faults = append(faults, f.Path+" has no section [Service]")
		}
	}
	for _, unit := range p.Restart {
		if _, ok := p.lookup(unitDir + unit); !ok {
			faults = append(faults, "an upgrade would restart "+unit+", which is not in it")
		}
	}
	return faults
}

// executed returns what a unit or a drop-in says, and the commands that it runs.
func executed(f File) (unitfile.Unit, []unitfile.Command, error) {
	unit, err := unitfile.Parse(f.Path, f.Data)
	if err != nil {
		return nil, nil, err
	}
	var commands []unitfile.Command
	for _, s := range unit {
		if !slices.Contains(runs, s.Key) {
			continue
		}
		some, err := s.Commands()
		if err != nil {
			return nil, nil, err
		}
		commands = append(commands, some...)
	}
	return unit, commands, nil
}

// A Search looks in a file for the name of a folder of this machine, which must not be in a
// package. It returns the folder, or "" if there is none.
type Search func(f File) (folder string, err error)

// SearchFor returns a Search for some folders. It reads the whole file.
func SearchFor(folders []string) Search {
	return func(f File) (string, error) { return f.containing(folders) }
}

// in returns an error for each file of a package that names a folder of this machine.
func (s Search) in(p Package) []error {
	if s == nil {
		return nil
	}
	faults := make([]error, len(p.Files))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range p.Files {
		group.Go(func() error {
			dir, err := s(f)
			if err == nil && dir != "" {
				err = fmt.Errorf("%s contains %s, a folder of the machine that built it", f.Path, dir)
			}
			faults[i] = err
			return nil
		})
	}
	_ = group.Wait()
	return slices.DeleteFunc(faults, func(err error) bool { return err == nil })
}

// containing returns the first of some texts that a file contains, or "".
func (f File) containing(texts []string) (string, error) {
	r, err := f.Open()
	if err != nil {
		return "", err
	}
	defer r.Close()
	longest := 0
	for _, text := range texts {
		longest = max(longest, len(text))
	}
	// The end of a piece may be the start of a text, so it is read again with the next.
	piece, held := make([]byte, 1<<20+longest), 0
	for {
		n, err := io.ReadFull(r, piece[held:])
		for _, text := range texts {
			if bytes.Contains(piece[:held+n], []byte(text)) {
				return text, nil
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		held = copy(piece, piece[held+n-longest:held+n])
	}
}

func relations(c checked, p Package) []string {
	var faults []string
	for _, r := range p.Relations.Depends {
		n := r.Names()[0]
		if n.Op == "=" && n.Version == p.Release() && !slices.Contains(c.names, n.Package) {
			faults = append(faults, fmt.Sprintf("it depends on %s, which this fork does not build: "+
				"add the programs of %[1]s to build.components, or choose other packages with -packages", n.Package))
		}
	}
	return faults
}

func owners(c checked, p Package) []string {
	var faults []string
	for _, f := range p.Files {
		for _, q := range c.all {
			if _, ok := q.lookup(f.Path); ok && q.Name < p.Name {
				faults = append(faults, fmt.Sprintf("%s is in package %s, too", f.Path, q.Name))
			}
		}
	}
	return faults
}
