package images

import (
	"debug/elf"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
)

// machines are what an executable says it is for, by Go's names.
var machines = map[string]elf.Machine{
	"386": elf.EM_386, "amd64": elf.EM_X86_64, "arm": elf.EM_ARM, "arm64": elf.EM_AARCH64, "loong64": elf.EM_LOONGARCH, "ppc64le": elf.EM_PPC64,
	"riscv64": elf.EM_RISCV, "s390x": elf.EM_S390,
}

// secret matches the names of files that hold keys or passwords.
var secret = regexp.MustCompile(`(?i)(^|/)(id_(rsa|ecdsa|ed25519)|[^/]*\.(key|p12|pfx|kdbx)|\.netrc|\.npmrc|\.pgpass|\.docker/config\.json|\.dockercfg|kubeconfig|credentials(\.json)?)$`)

// Check tells what is wrong with the files that an image is made of, before a
// layer of them is written. base has the files of what it stands on, start is how
// it starts.
func Check(name, arch string, base []Listed, files []File, start []string) error {
	var errs []error
	add := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("image %s: %s", name, fmt.Sprintf(format, args...)))
	}
	have := map[string]File{}
	for _, l := range base {
		have[l.Path] = File{Path: l.Path, Target: l.Target, Folder: l.Folder, Mode: 0o755}
	}
	for _, f := range files {
		have[f.Path] = f
	}
	for _, f := range files {
		switch {
		case !path.IsAbs(f.Path) || path.Clean(f.Path) != f.Path:
			add("%s is no clean path from the root", f.Path)
		case f.Target == "" && !f.Folder && f.Mode&0o6000 != 0:
			add("%s runs as its owner or its group whoever starts it (mode %o)", f.Path, f.Mode)
		case secret.MatchString(f.Path):
			add("%s looks like a secret, and an image is no place for one", f.Path)
		case strings.Contains(string(f.Data), "PRIVATE KEY-----"):
			add("%s holds a private key", f.Path)
		case f.Target != "":
			if _, err := resolve(f.Path, have); err != nil {
				add("%v", err)
			}
		case f.Source != "":
			for _, fault := range executable(f, arch, have) {
				add("%s", fault)
			}
		}
	}
	if len(start) > 0 {
		at, err := resolve(start[0], have)
		switch f := have[at]; {
		case err != nil:
			add("it cannot start %s: %v", start[0], err)
		case f.Mode&0o111 == 0:
			add("it starts %s, which is no executable", start[0])
		}
	}
	return errors.Join(errs...)
}

// resolve follows links, those of folders too, and returns the path that a path
// leads to.
func resolve(from string, have map[string]File) (string, error) {
	at, rest := "/", strings.TrimPrefix(from, "/")
	for links := 0; rest != ""; {
		part, behind, _ := strings.Cut(rest, "/")
		next := path.Join(at, part)
		rest = behind
		f := have[next]
		if f.Target == "" {
			at = next
			continue
		}
		if links++; links > 40 { // as many as Linux follows
			return "", fmt.Errorf("%s leads to itself", from)
		}
		if rest = path.Join(f.Target, rest); path.IsAbs(rest) {
			at, rest = "/", strings.TrimPrefix(rest, "/")
		}
	}
	if _, ok := have[at]; !ok {
		return "", fmt.Errorf("%s leads to %s, which is not there", from, at)
	}
	return at, nil
}

// executable tells what keeps a program from running in an image.
func executable(f File, arch string, have map[string]File) []string {
	e, err := elf.Open(f.Source)
	if err != nil {
		return []string{fmt.Sprintf("%s is no executable of Linux: %v", f.Path, err)}
	}
	defer e.Close()
	var faults []string
	if e.Machine != machines[arch] {
		faults = append(faults, fmt.Sprintf("%s is for %s, and not for %s", f.Path, e.Machine, arch))
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
		if _, err := resolve(loader, have); err != nil {
			faults = append(faults, fmt.Sprintf("%s is linked against libraries and needs %s, which is not there: set images.base in fork.yaml to an image that has them", f.Path, loader))
		}
	}
	return faults
}
