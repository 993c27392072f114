//go:build linux

package lab

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// groups are the control groups of a lab or of a machine: one in each hierarchy that is mounted. Version 1 has a
// hierarchy for each controller, version 2 only one, and a host can have both.
type groups []string

// hierarchies returns where control groups are mounted, by a list of mounts as /proc has it.
func hierarchies(mounts string) []string {
	var at []string
	for line := range strings.Lines(mounts) {
		f := strings.Fields(line)
		if len(f) > 2 && (f[2] == "cgroup" || f[2] == "cgroup2") {
			at = append(at, f[1])
		}
	}
	return at
}

// mounted returns where the host's control groups are mounted.
func mounted() ([]string, error) {
	data, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	at := hierarchies(string(data))
	if len(at) == 0 {
		return nil, errors.New("no control groups are mounted on this host")
	}
	return at, nil
}

// findGroups returns the groups of that name that exist.
func findGroups(name string) (groups, error) {
	at, err := mounted()
	var found groups
	for _, dir := range at {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			found = append(found, filepath.Join(dir, name))
		}
	}
	return found, err
}

// makeGroups makes a group of that name in every hierarchy.
func makeGroups(name string) (groups, error) {
	at, err := mounted()
	if err != nil {
		return nil, err
	}
	return groups(at).sub(name)
}

// sub makes a group in each, which has all controllers that its parent has.
func (g groups) sub(name string) (groups, error) {
	var made groups
	for _, parent := range g {
		dir := filepath.Join(parent, name)
		if err := delegate(parent); err != nil {
			return made, err
		}
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return made, err
		}
		made = append(made, dir)
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} { // empty in a new group of version 1
			if data, err := os.ReadFile(filepath.Join(parent, file)); err == nil && !unified(parent) {
				if err := os.WriteFile(filepath.Join(dir, file), data, 0o644); err != nil {
					return made, err
				}
			}
		}
	}
	return made, nil
}

// unified reports whether a group is of version 2.
func unified(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "cgroup.controllers"))
	return err == nil
}

// delegate has the groups below one of version 2 get its controllers.
func delegate(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
	if errors.Is(err, fs.ErrNotExist) || len(strings.Fields(string(data))) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	all := "+" + strings.Join(strings.Fields(string(data)), " +")
	return os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte(all), 0o644)
}

// processes returns those of the groups, and of all groups below.
func (g groups) processes() map[int]bool {
	found := map[int]bool{}
	for _, dir := range g {
		_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || !d.IsDir() {
				return nil // the group ended meanwhile
			}
			data, _ := os.ReadFile(filepath.Join(name, "cgroup.procs"))
			for word := range strings.FieldsSeq(string(data)) {
				if pid, err := strconv.Atoi(word); err == nil && pid > 0 {
					found[pid] = true
				}
			}
			return nil
		})
	}
	return found
}

// remove kills all processes of the groups, and removes the groups.
func (g groups) remove() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for {
		for pid := range g.processes() {
			_ = unix.Kill(pid, unix.SIGKILL)
		}
		err := g.removeEmpty()
		if err == nil {
			return nil
		}
		select { // the kernel takes a moment to bury them
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (g groups) removeEmpty() error {
	var errs []error
	for _, dir := range g {
		var all []string
		_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				all = append(all, name)
			}
			return nil
		})
		for i := len(all) - 1; i >= 0; i-- { // those below first
			if err := unix.Rmdir(all[i]); err != nil && !errors.Is(err, unix.ENOENT) {
				errs = append(errs, &fs.PathError{Op: "rmdir", Path: all[i], Err: err})
			}
		}
	}
	return errors.Join(errs...)
}
