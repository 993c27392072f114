package front

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/magefile/mage/mage"
)

// inputs is what a compiled magefile was made of. Mage asks the go command each
// time, five times over, which takes longer than most targets do.
type inputs struct {
	Go    string
	Env   []string
	Files map[string]stamp
}

// A stamp shows whether a file or folder changed. It is zero for one that does
// not exist.
type stamp struct {
	Size    int64
	Written int64 // nanoseconds since 1970
}

func stampOf(name string) stamp {
	info, err := os.Stat(name)
	if err != nil {
		return stamp{}
	}
	return stamp{info.Size(), info.ModTime().UnixNano()}
}

// goEnv returns the variables that decide what the go command makes, sorted.
func goEnv() []string {
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool {
		return !strings.HasPrefix(kv, "GO") && !strings.HasPrefix(kv, "CGO_") && !strings.HasPrefix(kv, "PATH=")
	})
	slices.Sort(env)
	return env
}

// fresh reports whether exe is what compiling the magefile would make.
func fresh(inv mage.Invocation, exe string) bool {
	data, err := os.ReadFile(exe + ".inputs")
	var was inputs
	if inv.Force || err != nil || json.Unmarshal(data, &was) != nil {
		return false
	}
	if was.Go != runtime.Version() || !slices.Equal(was.Env, goEnv()) {
		return false
	}
	for name, s := range was.Files {
		if stampOf(name) != s {
			return false
		}
	}
	return was.Files[exe] != stamp{}
}

// remember notes what exe was made of. Where that cannot be found out, exe is
// compiled again the next time.
func remember(inv mage.Invocation, exe string) {
	name := exe + ".inputs"
	_ = os.Remove(name)
	now := inputs{Go: runtime.Version(), Env: goEnv(), Files: map[string]stamp{}}
	for _, file := range append(filesOf(inv), exe) {
		now.Files[file] = stampOf(file)
	}
	if len(now.Files) == 1 {
		return
	}
	if data, err := json.Marshal(now); err == nil {
		_ = os.WriteFile(name, data, 0o644)
	}
}

// filesOf returns the files and folders that the magefile is compiled from, but
// for those of the module cache, which nobody changes.
func filesOf(inv mage.Invocation) []string {
	const each = `{{if not .Standard}}{{.Dir}}{{"\n"}}{{$d := .Dir}}` +
		`{{range .GoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}{{range .CgoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}` +
		`{{range .EmbedFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}` +
		`{{with .Module}}{{.GoMod}}{{"\n"}}{{end}}{{end}}`
	dir := magefilesIn(inv.Dir)
	magefiles, err := mage.Magefiles(dir, "", "", filepath.Base(dir) == mage.MagefilesDirName)
	if err != nil || inv.GOOS != "" || inv.GOARCH != "" {
		return nil
	}
	files := []string{inv.Dir, dir} // a magefile more or less
	args := []string{"list", "-deps", "-f", each}
	for _, name := range magefiles {
		args = append(args, filepath.Base(name))
	}
	list := exec.Command(inv.GoCmd, args...)
	list.Dir = dir
	out, err := list.Output()
	if err != nil {
		return nil
	}
	settings := exec.Command(inv.GoCmd, "env", "GOMODCACHE", "GOENV", "GOROOT")
	settings.Dir = dir
	env, err := settings.Output()
	where := strings.Split(string(env), "\n")
	if err != nil || len(where) < 3 {
		return nil
	}
	files = append(files, where[1], filepath.Join(where[2], "VERSION"))
	for line := range bytes.Lines(out) {
		name := strings.TrimSpace(string(line))
		if name == "" || strings.HasPrefix(name, where[0]+string(filepath.Separator)) {
			continue
		}
		files = append(files, name)
		if module := filepath.Dir(name); filepath.Base(name) == "go.mod" {
			files = append(files, filepath.Join(module, "go.sum"), filepath.Join(module, "vendor", "modules.txt"))
		}
	}
	for ; ; dir = filepath.Dir(dir) {
		files = append(files, filepath.Join(dir, "go.work"))
		if dir == filepath.Dir(dir) {
			return files
		}
	}
}
