package images

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/dynlink"
)

// secret matches the names of files that hold keys or passwords.
var secret = regexp.MustCompile(`(?i)(^|/)(id_(rsa|ecdsa|ed25519)|[^/]*\.(key|p12|pfx|kdbx)|` +
	`\.netrc|\.npmrc|\.pgpass|\.docker/config\.json|\.dockercfg|kubeconfig|credentials(\.json)?)$`)

// Check returns an error that says what is wrong with the files of an image, before a layer
// is written. arch is Go's name of an architecture. command is the command that the image
// starts, empty if it has none. The libraries of dynamically linked programs are read from
// the base.
func Check(name, arch string, base Base, files []File, command []string) error {
	r := newRoot(base, files)
	var faults []string
	for _, f := range files {
		faults = append(faults, r.checkFile(f, arch)...)
	}
	if len(command) > 0 {
		faults = append(faults, checkCommand(command[0], r.all)...)
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
func (r root) checkFile(f File, arch string) []string {
	if fault := checkContent(f); fault != "" {
		return []string{fault}
	}
	switch {
	case f.Target != "":
		if _, err := resolve(f.Path, r.all); err != nil {
			return []string{err.Error()}
		}
	case f.Source != "":
		return r.checkExecutable(f, arch)
	case f.Mode&0o111 != 0:
		// A file of the user's own, as CheckAdded has passed it: often no program.
		if program, err := dynlink.Read(bytes.NewReader(f.Data)); err == nil {
			return r.checkStart(f.Path, arch, program)
		}
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
	at, err := follow(from, func(at string) string { return all[at].Target })
	if err != nil {
		return "", err
	}
	switch _, ok := all[at]; {
	case !ok && at == from:
		return "", fmt.Errorf("%s is missing", at)
	case !ok && !isMounted(at):
		return "", fmt.Errorf("%s leads to %s, which is missing", from, at)
	}
	return at, nil
}

// follow returns where a path leads to, given what the links among its parts point to.
func follow(from string, target func(at string) string) (string, error) {
	at, rest := "/", strings.TrimPrefix(from, "/")
	for links := 0; rest != ""; {
		part, behind, _ := strings.Cut(rest, "/")
		next := path.Join(at, part)
		rest = behind
		link := target(next)
		if link == "" {
			at = next
			continue
		}
		if links++; links > 40 { // as many as Linux follows
			return "", fmt.Errorf("%s is a link that leads to itself", from)
		}
		if rest = path.Join(link, rest); path.IsAbs(rest) {
			at, rest = "/", strings.TrimPrefix(rest, "/")
		}
	}
	return at, nil
}

// checkExecutable returns what keeps a program from running in an image.
func (r root) checkExecutable(f File, arch string) []string {
	program, err := dynlink.Open(f.Source)
	if err != nil {
		return []string{fmt.Sprintf("%s is not a Linux executable: %v", f.Path, err)}
	}
	if program.Machine != dynlink.Machine(arch) {
		return []string{fmt.Sprintf("%s is built for %s, not for %s", f.Path, program.Machine, arch)}
	}
	if f.Guest {
		return nil
	}
	return r.checkStart(f.Path, arch, program)
}

// checkStart returns what keeps the loader from starting a program.
func (r root) checkStart(at, arch string, program dynlink.Object) []string {
	if program.Loader == "" {
		return nil
	}
	faults, err := r.checkLinked(at, arch, program)
	if err != nil {
		return []string{fmt.Sprintf("reading the libraries of %s: %v", at, err)}
	}
	return faults
}
