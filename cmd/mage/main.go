// Mage runs mage (https://magefile.org) so that two can start at once in one
// project. Mage itself writes a file with a fixed name into the project while it
// compiles the magefile, and a second one would remove that file.
package main

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
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
	inv.Args = unhyphened(inv.Args)
	errlog := log.New(os.Stderr, "", 0)
	exe, err := executable(inv)
	if err != nil {
		errlog.Println("Error:", err)
		return 1
	}
	if code := compile(inv, exe, errlog); code != 0 {
		return code
	}
	code, err := start(inv, exe)
	if err != nil {
		errlog.Println("Error:", err)
	}
	return code
}

// unhyphened returns arguments with flags such as -dry-run as Mage has them: the name of a
// flag is that of a variable in Go, -dryRun, and Mage reads it without regard to case.
func unhyphened(args []string) []string {
	out := slices.Clone(args)
	for i, arg := range out {
		name, value, set := strings.Cut(arg, "=")
		if !strings.HasPrefix(name, "-") {
			continue
		}
		out[i] = "-" + strings.ReplaceAll(name[1:], "-", "")
		if set {
			out[i] += "=" + value
		}
	}
	return out
}

// start runs the compiled magefile to its end. An interrupt is left to it, for
// a terminal sends that to both; what only this process is sent goes on to it.
func start(inv mage.Invocation, exe string) (int, error) {
	c := exec.Command(exe, inv.Args...)
	c.Stdin, c.Stdout, c.Stderr = inv.Stdin, inv.Stdout, inv.Stderr
	c.Dir, c.Env = cmp.Or(inv.WorkDir, inv.Dir), environment(inv)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	if err := c.Start(); err != nil {
		return 1, err
	}
	go func() {
		for s := range signals {
			if s != syscall.SIGINT {
				_ = c.Process.Signal(s)
			}
		}
	}()
	err := c.Wait()
	if exit := new(exec.ExitError); errors.As(err, &exit) && exit.Exited() {
		return exit.ExitCode(), nil
	} else if err != nil {
		return 1, err
	}
	return 0, nil
}

// environment returns the variables by which mage passes its flags on to a
// compiled magefile.
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
	if fresh(inv, exe) {
		return 0
	}
	inv.CompileOut = exe
	code := mage.Invoke(inv)
	if code == 0 {
		remember(inv, exe)
	}
	return code
}
