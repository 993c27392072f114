package sysroot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/debbase"
	"github.com/slipway-build/slipway/platform"
)

// LockFile is the name of the lock of sysroots, beside fork.yaml.
const LockFile = "sysroot.lock"

// A Lock is sysroot.lock: the packages of sysroots, by platform, as linux/amd64.
type Lock map[string]Pinned

// A Pinned is the packages of one sysroot.
type Pinned struct {
	Of       cross.Debian  `json:"of"` // what was asked for
	Packages []debbase.Pin `json:"packages"`
}

// ReadLock reads the lock in a file. One that does not exist pins nothing.
func ReadLock(file string) (Lock, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var l Lock
	if err := json.Unmarshal(data, &l); err != nil {
		return nil, fmt.Errorf("%s: %w\n  To pin the packages again, delete it, then: mage patches:lock", file, err)
	}
	return l, nil
}

// Pins returns the pinned packages for a platform, which have to be those of settings.
func (l Lock) Pins(p platform.Platform, want cross.Debian) ([]debbase.Pin, error) {
	pinned, ok := l[p.String()]
	switch {
	case !ok:
		return nil, fmt.Errorf("does not pin the packages of build.c.%s.debian", p)
	case !reflect.DeepEqual(pinned.Of, want):
		return nil, fmt.Errorf("pins the packages of other settings than those of build.c.%s.debian", p)
	}
	return pinned.Packages, nil
}

// Archives returns where the packages of a sysroot come from. The keyring is a file of
// the project in dir.
func Archives(dir string, d cross.Debian) ([]debbase.Archive, error) {
	return debbase.Archives(d.Suites, filepath.Join(dir, d.Keyring))
}

// Pin returns the lock for the sysroots that build.c of the project in dir asks for: what
// is pinned for the same settings stays as it is. The signatures of the archives have to
// be valid at now.
func (l Lock) Pin(ctx context.Context, dir string, all map[string]cross.C, now time.Time) (Lock, error) {
	out := Lock{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		want := all[name].Debian
		if want.Empty() {
			continue
		}
		if old, ok := l[name]; ok && reflect.DeepEqual(old.Of, want) {
			out[name] = old
			continue
		}
		from, err := Archives(dir, want)
		if err != nil {
			return nil, fmt.Errorf("build.c.%s.debian.keyring: %w", name, err)
		}
		_, arch, _ := strings.Cut(name, "/")
		pins, err := debbase.Resolve(ctx, from, debbase.Arch(arch), want.Packages, now)
		if err != nil {
			return nil, fmt.Errorf("build.c.%s.debian: %w", name, err)
		}
		out[name] = Pinned{want, pins}
	}
	return out, nil
}

// Encode returns the bytes of the lock.
func (l Lock) Encode() ([]byte, error) {
	data, err := json.MarshalIndent(l, "", "  ")
	return append(data, '\n'), err
}
