package targets_test

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/tools/txtar"
)

// commands are what scripts can use beside the commands of testscript. None can
// be negated.
//
//	sample NAME              writes the files of testdata/samples/NAME.txtar
//	edit FILE OLD NEW        replaces OLD, which must be in it once; \n is a line break
//	flip FILE TEXT           changes one byte: the first of the first TEXT; FILE may be a pattern
//	republish ZIP NAME       gives the file of that name, of a module's zip, one more line
//	publish DIR MODULE FILE  serves a module, as PATH@VERSION, from a proxy; FILE is a txtar archive
//	remember PATH...         notes which files are at each path
//	unchanged PATH...        fails unless the files are exactly those remembered
//	untouched PATH...        fails unless they are those files, and nobody wrote or replaced one
//	same PATH PATH NAME...   fails unless the folders have the same files, but for those of a name
//	whole                    fails if anything half done is in dist
//	platform FILE OS/ARCH    fails unless the program is one for the platform
//	jsonlines stdout         fails unless each line of the output is a JSON object
func commands() map[string]func(*testscript.TestScript, bool, []string) {
	table := map[string]struct {
		args int // how many it takes, -1 for any number
		run  func(*testscript.TestScript, []string) error
	}{
		"sample":    {1, sample},
		"edit":      {3, edit},
		"flip":      {2, flip},
		"republish": {2, republish},
		"publish":   {3, publish},
		"remember":  {-1, remember},
		"unchanged": {-1, unchanged},
		"untouched": {-1, untouched},
		"same":      {-1, same},
		"whole":     {0, whole},
		"platform":  {2, isFor},
		"jsonlines": {1, jsonLines},
	}
	out := map[string]func(*testscript.TestScript, bool, []string){}
	for name, c := range table {
		out[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			if neg || c.args >= 0 && len(args) != c.args {
				ts.Fatalf("see the comment of func commands for how to use %s", name)
			}
			ts.Check(c.run(ts, args))
		}
	}
	return out
}

// sample writes the files that several scripts start from. A script that has one
// of them too would not say which it means.
func sample(ts *testscript.TestScript, args []string) error {
	archive, err := txtar.ParseFile(filepath.Join("testdata", "samples", args[0]+".txtar"))
	if err != nil {
		return err
	}
	for _, f := range archive.Files {
		name := ts.MkAbs(filepath.FromSlash(f.Name))
		if _, err := os.Lstat(name); err == nil {
			return fmt.Errorf("%s is in the script or the project too", f.Name)
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func edit(ts *testscript.TestScript, args []string) error {
	breaks := strings.NewReplacer(`\n`, "\n")
	name, old, with := ts.MkAbs(args[0]), breaks.Replace(args[1]), breaks.Replace(args[2])
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if n := strings.Count(string(data), old); n != 1 {
		return fmt.Errorf("%s has %q %d times", args[0], old, n)
	}
	return os.WriteFile(name, []byte(strings.Replace(string(data), old, with, 1)), 0o644)
}

func flip(ts *testscript.TestScript, args []string) error {
	names, err := filepath.Glob(ts.MkAbs(args[0]))
	if err != nil || len(names) != 1 {
		return fmt.Errorf("%s matches %d files, want one", args[0], len(names))
	}
	data, err := os.ReadFile(names[0])
	if err != nil {
		return err
	}
	at := bytes.Index(data, []byte(args[1]))
	if at < 0 {
		return fmt.Errorf("%s does not have %q", args[0], args[1])
	}
	return flipByte(names[0], at)
}

// flipByte changes the byte of a file at an offset, in its lowest bit, so that
// text stays text.
func flipByte(name string, at int) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	data[at] ^= 1
	// Not by a new file: what is linked to this one has to change too, as it would by a fault of the disk.
	if info, err := os.Stat(name); err != nil {
		return err
	} else if err := os.Chmod(name, info.Mode()|0o200); err != nil { // modules are read-only
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteAt(data[at:at+1], int64(at))
	return err
}

// memory holds what remember noted, by path.
type memory map[string]noted

// noted are the files at a path, and what the file system said of them.
type noted struct{ files, stamps listing }

// memoryKey is where a script's memory is among its values.
type memoryKey struct{}

// A listing maps each file below a path, as /dir/name, to its mode and digest.
// Folders count for nothing.
type listing map[string]string

func list(path string) (listing, error) {
	found := listing{}
	err := filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		found[filepath.ToSlash(strings.TrimPrefix(name, path))], err = describe(name, d)
		return err
	})
	return found, err
}

func describe(name string, d fs.DirEntry) (string, error) {
	if d.Type() == fs.ModeSymlink {
		target, err := os.Readlink(name)
		return "a link to " + target, err
	}
	info, err := d.Info()
	if err != nil {
		return "", err
	}
	data, err := os.ReadFile(name)
	return fmt.Sprintf("%s %x", info.Mode(), sha256.Sum256(data)), err
}

// differ returns a line for each file in which two listings differ.
func (l listing) differ(other listing) []string {
	var lines []string
	for name, was := range l {
		if is, ok := other[name]; !ok {
			lines = append(lines, fmt.Sprintf("%s is gone", name))
		} else if is != was {
			lines = append(lines, fmt.Sprintf("%s was %s, is %s", name, was, is))
		}
	}
	for name := range other {
		if _, ok := l[name]; !ok {
			lines = append(lines, fmt.Sprintf("%s is new", name))
		}
	}
	slices.Sort(lines)
	return lines
}

// note returns what remember notes of a path.
func note(path string) (noted, error) {
	files, err := list(path)
	n := noted{files, listing{}}
	for name := range files {
		info, e := os.Lstat(path + name)
		if e != nil {
			return n, e
		}
		n.stamps[name] = stamp(info)
	}
	return n, err
}

func remember(ts *testscript.TestScript, args []string) error {
	for _, path := range args {
		found, err := note(ts.MkAbs(path))
		if err != nil {
			return err
		}
		ts.Value(memoryKey{}).(memory)[path] = found
	}
	return nil
}

func unchanged(ts *testscript.TestScript, args []string) error {
	return asRemembered(ts, args, func(n noted) listing { return n.files })
}

func untouched(ts *testscript.TestScript, args []string) error {
	return asRemembered(ts, args, func(n noted) listing { return n.stamps })
}

// asRemembered fails unless a part of what was noted of paths is as it was.
func asRemembered(ts *testscript.TestScript, paths []string, part func(noted) listing) error {
	for _, path := range paths {
		was, ok := ts.Value(memoryKey{}).(memory)[path]
		if !ok {
			return fmt.Errorf("%s was not remembered", path)
		}
		is, err := note(ts.MkAbs(path))
		if err != nil {
			return err
		}
		if lines := part(was).differ(part(is)); len(lines) > 0 {
			return fmt.Errorf("%s changed:\n\t%s", path, strings.Join(lines, "\n\t"))
		}
	}
	return nil
}

func same(ts *testscript.TestScript, args []string) error {
	if len(args) < 2 {
		return errors.New("want two folders")
	}
	var both [2]listing
	for i := range both {
		var err error
		if both[i], err = list(ts.MkAbs(args[i])); err != nil {
			return err
		}
		maps.DeleteFunc(both[i], func(name, _ string) bool { return slices.Contains(args[2:], filepath.Base(name)) })
	}
	if len(both[0]) == 0 {
		return fmt.Errorf("%s has no files", args[0])
	}
	if lines := both[0].differ(both[1]); len(lines) > 0 {
		return fmt.Errorf("%s is not %s:\n\t%s", args[1], args[0], strings.Join(lines, "\n\t"))
	}
	return nil
}

func isFor(ts *testscript.TestScript, args []string) error {
	got, err := platformOf(ts.MkAbs(args[0]))
	if err == nil && got != args[1] {
		err = fmt.Errorf("%s is a program for %s, not %s", args[0], got, args[1])
	}
	return err
}

// platformOf reads from a program's header which platform it is for.
func platformOf(name string) (string, error) {
	if f, err := elf.Open(name); err == nil {
		defer f.Close()
		return "linux/" + map[elf.Machine]string{elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64"}[f.Machine], nil
	}
	if f, err := macho.Open(name); err == nil {
		defer f.Close()
		return "darwin/" + map[macho.Cpu]string{macho.CpuAmd64: "amd64", macho.CpuArm64: "arm64"}[f.Cpu], nil
	}
	f, err := pe.Open(name)
	if err != nil {
		return "", fmt.Errorf("%s is no program of a known format", name)
	}
	defer f.Close()
	arch := map[uint16]string{pe.IMAGE_FILE_MACHINE_AMD64: "amd64", pe.IMAGE_FILE_MACHINE_ARM64: "arm64"}[f.Machine]
	return "windows/" + arch, nil
}

func jsonLines(ts *testscript.TestScript, args []string) error {
	for i, line := range strings.Split(strings.TrimSuffix(ts.ReadFile(args[0]), "\n"), "\n") {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			return fmt.Errorf("line %d is no JSON object: %q", i+1, line)
		}
	}
	return nil
}
