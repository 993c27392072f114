package images

import (
	"debug/elf"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// machines maps Go's names of architectures to the machine of an ELF header.
var machines = map[string]elf.Machine{
	"386": elf.EM_386, "amd64": elf.EM_X86_64, "arm": elf.EM_ARM, "arm64": elf.EM_AARCH64,
	"loong64": elf.EM_LOONGARCH, "ppc64le": elf.EM_PPC64, "riscv64": elf.EM_RISCV, "s390x": elf.EM_S390,
}

// secret matches the names of files that hold keys or passwords.
var secret = regexp.MustCompile(`(?i)(^|/)(id_(rsa|ecdsa|ed25519)|[^/]*\.(key|p12|pfx|kdbx)|` +
	`\.netrc|\.npmrc|\.pgpass|\.docker/config\.json|\.dockercfg|kubeconfig|credentials(\.json)?)$`)

// Check returns what is wrong with the files of an image, before a layer is
// written. arch is Go's name of an architecture, base lists the files of the base
// image, and command is how the image starts, if it says.
func Check(name, arch string, base []Entry, files []File, command []string) error {
	all := map[string]File{}
	for _, e := range base {
		all[e.Path] = File{Path: e.Path, Target: e.Target, Folder: e.Folder, Mode: 0o755}
	}
	for _, f := range files {
		all[f.Path] = f
	}
	addDirs(all)
	var faults []string
	for _, f := range files {
		faults = append(faults, checkFile(f, arch, all)...)
	}
	if len(command) > 0 {
		faults = append(faults, checkCommand(command[0], all)...)
	}
	var errs []error
	for _, fault := range faults {
		errs = append(errs, fmt.Errorf("image %s: %s", name, fault))
	}
	return errors.Join(errs...)
}

// addDirs adds the dirs above files.
func addDirs(all map[string]File) {
	for _, at := range slices.Collect(maps.Keys(all)) {
		for dir := path.Dir(at); dir != "/" && dir != "."; dir = path.Dir(dir) {
			if _, ok := all[dir]; ok {
				break
			}
			all[dir] = File{Path: dir, Folder: true}
		}
	}
}

// checkFile returns what is wrong with one file.
func checkFile(f File, arch string, all map[string]File) []string {
	if fault := checkContent(f); fault != "" {
		return []string{fault}
	}
	switch {
	case f.Target != "":
		if _, err := resolve(f.Path, all); err != nil {
			return []string{err.Error()}
		}
	case f.Source != "":
		return checkExecutable(f, arch, all)
	}
	return nil
}

// checkContent returns what is wrong with a file by itself; "" is nothing.
func checkContent(f File) string {
	switch {
	case !path.IsAbs(f.Path) || path.Clean(f.Path) != f.Path:
		return f.Path + " is not a clean absolute path"
	case f.Target == "" && !f.Folder && f.Mode&0o6000 != 0:
		return fmt.Sprintf("%s is set-user-ID or set-group-ID (mode %o), which is not allowed in an image", f.Path, f.Mode)
	case secret.MatchString(f.Path):
		return f.Path + " looks like a secret, and everybody who pulls an image can read it"
	case strings.Contains(string(f.Data), "PRIVATE KEY-----"):
		return f.Path + " holds a private key"
	}
	return ""
}

// checkCommand returns what keeps a program from being started.
func checkCommand(program string, all map[string]File) []string {
	at, err := resolve(program, all)
	switch {
	case err != nil:
		return []string{fmt.Sprintf("it cannot start %s: %v", program, err)}
	case all[at].Mode&0o111 == 0:
		return []string{fmt.Sprintf("it cannot start %s: it is not executable", program)}
	}
	return nil
}

// resolve follows links, also in the dirs of a path, and returns the path of the
// file that they lead to.
func resolve(from string, all map[string]File) (string, error) {
	at, err := walk(from, func(p string) string { return all[p].Target })
	if err != nil {
		return "", err
	}
	switch _, ok := all[at]; {
	case at == "/":
	case !ok && at == from:
		return "", fmt.Errorf("%s is missing", at)
	case !ok:
		return "", fmt.Errorf("%s leads to %s, which is missing", from, at)
	}
	return at, nil
}

// walk follows links, also in the dirs of a path, and returns where they lead, whether
// there is something or not. target returns where a link leads; "" is no link.
func walk(from string, target func(at string) string) (string, error) {
	at, rest := "/", strings.TrimPrefix(from, "/")
	for links := 0; rest != ""; {
		part, behind, _ := strings.Cut(rest, "/")
		next := path.Join(at, part)
		rest = behind
		to := target(next)
		if to == "" {
			at = next
			continue
		}
		if links++; links > 40 { // as many as Linux follows
			return "", fmt.Errorf("%s is a link that leads to itself", from)
		}
		if rest = path.Join(to, rest); path.IsAbs(rest) {
			at, rest = "/", strings.TrimPrefix(rest, "/")
		}
	}
	return at, nil
}

// checkExecutable returns what keeps a program from running in an image.
func checkExecutable(f File, arch string, all map[string]File) []string {
	e, err := elf.Open(f.Source)
	if err != nil {
		return []string{fmt.Sprintf("%s is not a Linux executable: %v", f.Path, err)}
	}
	defer e.Close()
	var faults []string
	if e.Machine != machines[arch] {
		faults = append(faults, fmt.Sprintf("%s is built for %s, not for %s", f.Path, e.Machine, arch))
	}
	for _, p := range e.Progs {
		if p.Type != elf.PT_INTERP || f.Guest {
			continue
		}
		text := make([]byte, p.Filesz)
		if _, err := p.ReadAt(text, 0); err != nil {
			return append(faults, fmt.Sprintf("%s: %v", f.Path, err))
		}
		loader := strings.TrimRight(string(text), "\x00")
		if _, err := resolve(loader, all); err != nil {
			faults = append(faults, fmt.Sprintf("%s is dynamically linked and needs %s, which is missing: "+
				"set images.base in fork.yaml to an image with its libraries", f.Path, loader))
		}
	}
	return faults
}
