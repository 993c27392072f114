// Mage is mage (https://magefile.org), made safe to start twice at once in one
// project: mage writes a file of a fixed name into the project while it
// compiles the magefile, and a second mage takes that file away.
package main

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"syscall"

	"github.com/gofrs/flock"
	"github.com/magefile/mage/mage"
)

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	inv, command, err := mage.Parse(os.Stderr, os.Stdout, args)
	if err != nil || command != mage.None || inv.List || inv.Help || inv.Autocomplete {
		return mage.ParseAndRun(os.Stdout, os.Stderr, os.Stdin, args)
	}
	inv.Stderr, inv.Stdin = os.Stderr, os.Stdin
	errlog := log.New(os.Stderr, "", 0)
	exe, err := executable(inv)
	if err != nil {
		errlog.Println("Error:", err)
		return 1
	}
	if code := compile(inv, exe, errlog); code != 0 {
		return code
	}
	// In the place of this process, so that whoever ends it ends the targets.
	if dir := cmp.Or(inv.WorkDir, inv.Dir); dir != "" {
		err = os.Chdir(dir)
	}
	if err == nil {
		err = syscall.Exec(exe, append([]string{exe}, inv.Args...), environment(inv))
	}
	errlog.Println("Error:", err)
	return 1
}

// environment returns what mage tells a compiled magefile of its own flags.
func environment(inv mage.Invocation) []string {
	env := append(os.Environ(), "MAGEFILE_GOCMD="+inv.GoCmd)
	if inv.Verbose {
		env = append(env, "MAGEFILE_VERBOSE=1")
	}
	if inv.Debug {
		env = append(env, "MAGEFILE_DEBUG=1")
	}
	if inv.Timeout > 0 {
		env = append(env, "MAGEFILE_TIMEOUT="+inv.Timeout.String())
	}
	return env
}

// executable returns where the compiled magefile of a project is kept.
func executable(inv mage.Invocation) (string, error) {
	dir, err := filepath.Abs(inv.Dir)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(inv.CacheDir, 0o755); err != nil {
		return "", err
	}
	return filepath.Join(inv.CacheDir, fmt.Sprintf("slipway-%.16x", sha256.Sum256([]byte(dir)))), nil
}

// compile brings the compiled magefile up to date while nobody else does.
func compile(inv mage.Invocation, exe string, errlog *log.Logger) int {
	lock := flock.New(exe + ".lock")
	if err := lock.Lock(); err != nil {
		errlog.Println("Error:", err)
		return 1
	}
	defer lock.Unlock()
	inv.CompileOut = exe
	return mage.Invoke(inv)
}
