package images

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/dynlink"
)

// A linker finds a program's libraries as the loader does: see ld.so(8), and
// ldso/dynlink.c of musl.
type linker struct {
	root
	arch      string
	program   *loaded
	libraries map[string]*loaded // by the names that they are needed by
	order     []*loaded
	paths     []string          // dirs of LD_LIBRARY_PATH
	system    []string          // dirs that are searched last
	texts     map[string][]byte // what files of settings hold, by path
}

// triplets are Debian's names of dirs for the libraries of an architecture:
// https://wiki.debian.org/Multiarch/Tuples.
var triplets = map[string]string{
	"386": "i386-linux-gnu", "amd64": "x86_64-linux-gnu", "arm": "arm-linux-gnueabihf", "arm64": "aarch64-linux-gnu",
	"loong64": "loongarch64-linux-gnu", "ppc64le": "powerpc64le-linux-gnu", "riscv64": "riscv64-linux-gnu",
	"s390x": "s390x-linux-gnu",
}

// setUp finds the dirs that are searched for every program.
func (l *linker) setUp() error {
	for _, pair := range l.base.Env {
		if list, ok := strings.CutPrefix(pair, "LD_LIBRARY_PATH="); ok {
			l.paths = strings.FieldsFunc(list, func(c rune) bool { return c == ':' || c == ';' })
		}
	}
	if err := l.readSettings(); err != nil {
		return err
	}
	if isMusl(l.program.Loader) {
		return l.setUpMusl()
	}
	// What ld.so.conf lists is found by way of the cache that ldconfig makes of it.
	if _, err := resolve("/etc/ld.so.cache", l.all); err == nil {
		if err := l.configured("/etc/ld.so.conf", 0); err != nil {
			return err
		}
	}
	multiarch := triplets[l.arch]
	l.system = append(l.system, "/lib/"+multiarch, "/usr/lib/"+multiarch, "/lib64", "/usr/lib64", "/lib", "/usr/lib")
	return nil
}

// readSettings reads all files that loaders are usually set up with, in one go.
func (l *linker) readSettings() error {
	var files []string
	for at, f := range l.all {
		if strings.HasPrefix(at, "/etc/ld") && !f.Folder && f.Target == "" && path.Base(at) != "ld.so.cache" {
			files = append(files, at)
		}
	}
	var err error
	l.texts, err = l.read(files)
	return err
}

// setUpMusl reads musl's list of dirs, if the image has one.
func (l *linker) setUpMusl() error {
	list := strings.TrimSuffix(path.Base(l.program.Loader), ".so.1")
	text, err := l.text("/etc/" + list + ".path")
	l.system = strings.FieldsFunc(text, func(c rune) bool { return c == ':' || c == '\n' })
	if len(l.system) == 0 {
		l.system = []string{"/lib", "/usr/local/lib", "/usr/lib"}
	}
	return err
}

// configured adds the dirs that ld.so.conf, and what it includes, lists.
func (l *linker) configured(file string, depth int) error {
	text, err := l.text(file)
	if err != nil || depth > 8 {
		return err
	}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.FieldsFunc(line, func(c rune) bool { return strings.ContainsRune(" \t\r\n:,", c) })
		switch {
		case len(words) == 0 || words[0] == "hwcap":
		case words[0] != "include":
			l.system = append(l.system, words...)
		default:
			for _, pattern := range words[1:] {
				if err := l.included(path.Join(path.Dir(file), pattern), pattern, depth); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// included adds the dirs that files list. Their pattern is relative to the file that
// includes them, unless it is absolute.
func (l *linker) included(below, pattern string, depth int) error {
	if path.IsAbs(pattern) {
		below = pattern
	}
	var files []string
	for at := range l.all {
		if ok, _ := path.Match(below, at); ok {
			files = append(files, at)
		}
	}
	slices.Sort(files)
	for _, file := range files {
		if err := l.configured(file, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// text returns what a file holds, if there is one.
func (l *linker) text(file string) (string, error) {
	at, err := resolve(file, l.all)
	if err != nil || l.all[at].Folder {
		return "", nil
	}
	if data, ok := l.texts[at]; ok {
		return string(data), nil
	}
	data, err := l.read([]string{at})
	return string(data[at]), err
}

// load finds the libraries that the program needs, those that they need, and so on: one
// generation at a time, so that a layer is read once for each.
func (l *linker) load() (faults []string, err error) {
	for generation := []*loaded{l.program}; len(generation) > 0; {
		l.order = append(l.order, generation...)
		var all []string
		for _, o := range generation {
			for _, name := range o.Needed {
				if l.libraries[name] == nil && !l.isLoader(name) {
					all = append(all, l.candidates(o, name)...)
				}
			}
		}
		found, err := l.objects(all)
		if err != nil {
			return nil, err
		}
		var next []*loaded
		for _, o := range generation {
			for _, name := range o.Needed {
				if l.libraries[name] != nil || l.isLoader(name) {
					continue
				}
				lib := l.choose(o, name, found)
				if lib == nil {
					faults = append(faults, l.missing(o, name))
					lib = &loaded{} // which is said once
				} else {
					next = append(next, lib)
				}
				l.libraries[name] = lib
			}
		}
		generation = next
	}
	return faults, nil
}

// isLoader reports whether a library is the loader itself, which is in memory already.
// musl is all parts of the C library. The loader of another system, as gcompat has it for
// programs of glibc, is judged like musl: it takes any version.
func (l *linker) isLoader(name string) bool {
	if name == path.Base(l.program.Loader) {
		return true
	}
	at, err := resolve(l.program.Loader, l.all)
	if err != nil || !isMusl(l.program.Loader) && !isMusl(at) && !l.isCompat() {
		return false
	}
	part, _, _ := strings.Cut(strings.TrimPrefix(name, "lib"), ".")
	return slices.Contains([]string{"c", "pthread", "rt", "m", "dl", "util", "xnet", "resolv"}, part) ||
		strings.HasPrefix(name, "ld-linux")
}

// isCompat reports whether an image has musl, and no glibc, behind the loader of glibc.
func (l *linker) isCompat() bool {
	return l.otherLoader(l.program.Loader) != "" && len(l.candidates(l.program, "libc.so.6")) == 0
}

// missing says that a library is missing.
func (l *linker) missing(o *loaded, name string) string {
	return fmt.Sprintf("%s needs %s, which is missing in %s: take a base that has it, or add the package with it",
		o.path, name, l.where())
}

// where returns what the libraries of the image are from.
func (l *linker) where() string {
	if l.base.Name == "" {
		return "the image"
	}
	return l.base.Name
}

// candidates returns the files that a library could be, in the order in which the loader
// looks for it.
func (l *linker) candidates(o *loaded, name string) []string {
	if strings.Contains(name, "/") {
		return l.existing(nil, name)
	}
	var out []string
	for _, dir := range l.dirs(o) {
		out = l.existing(out, path.Join(dir, name))
	}
	return out
}

// existing appends the file that a path leads to, if there is one.
func (l *linker) existing(list []string, name string) []string {
	at, err := resolve(name, l.all)
	if err != nil || l.all[at].Folder || slices.Contains(list, at) {
		return list
	}
	return append(list, at)
}

// dirs returns where the libraries of an object are looked for.
func (l *linker) dirs(o *loaded) []string {
	var out []string
	if len(o.RunPath) == 0 {
		for up := o; up != nil; up = up.by {
			out = append(out, l.expand(up, up.RPath)...)
		}
	}
	out = append(out, l.paths...)
	out = append(out, l.expand(o, o.RunPath)...)
	return append(out, l.system...)
}

// expand replaces the variables in dirs of an object.
func (l *linker) expand(o *loaded, dirs []string) []string {
	var out []string
	origin := path.Dir(o.path)
	if at, err := resolve(o.path, l.all); err == nil {
		origin = path.Dir(at)
	}
	for _, dir := range dirs {
		for _, lib := range []string{"lib/" + triplets[l.arch], "lib64", "lib"} { // distributions differ in $LIB
			at := strings.NewReplacer("${ORIGIN}", origin, "$ORIGIN", origin, "${LIB}", lib, "$LIB", lib).Replace(dir)
			if !slices.Contains(out, at) {
				out = append(out, at)
			}
		}
	}
	return out
}

// choose returns the library that the loader takes: the first one for the machine.
func (l *linker) choose(o *loaded, name string, found map[string]dynlink.Object) *loaded {
	for _, at := range l.candidates(o, name) {
		lib, ok := found[at]
		if ok && lib.Machine == l.program.Machine && lib.Class == l.program.Class {
			return &loaded{Object: lib, path: at, by: o}
		}
	}
	return nil
}

// checkVersions returns the versions of symbols that the libraries do not define. A
// library that defines none is taken as it is, as the loader does.
func (l *linker) checkVersions() []string {
	var faults []string
	for _, o := range l.order {
		missing := map[string][]string{} // by library
		for _, want := range o.Wants {
			lib := l.libraries[want.Library]
			if lib != nil && !want.Weak && len(lib.Defines) > 0 && !slices.Contains(lib.Defines, want.Version) {
				missing[want.Library] = append(missing[want.Library], want.Version)
			}
		}
		for _, name := range o.Needed {
			if versions := missing[name]; versions != nil {
				slices.Sort(versions)
				faults = append(faults, l.tooOld(o, name, versions))
			}
		}
	}
	return faults
}

// tooOld says that a library does not define versions of symbols.
func (l *linker) tooOld(o *loaded, name string, versions []string) string {
	lib := l.libraries[name]
	prefix := versions[0][:strings.LastIndex(versions[0], "_")+1]
	has := "has no symbols of that kind"
	if newest := dynlink.Newest(prefix, lib.Defines); newest != "" {
		has = "has " + prefix + newest + " at most"
	}
	return fmt.Sprintf("%s wants %s of %s, and %s in %s %s: take a base of a newer suite, "+
		"or compile it with the sysroot of an older one (build.c in fork.yaml)",
		o.path, strings.Join(versions, ", "), name, lib.path, l.where(), has)
}
