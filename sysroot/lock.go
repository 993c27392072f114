package sysroot

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/debbase"
	"github.com/slipway-build/slipway/fork"
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

// ReadLock reads a fork's lock. One that does not exist pins nothing.
func ReadLock(f fork.Fork) (Lock, error) {
	var l Lock
	_, err := f.ReadPins(LockFile, &l)
	return l, err
}

// Pins returns the packages that a fork pins for the sysroot of a platform. They have to
// be those that its fork.yaml asks for.
func Pins(f fork.Fork, p platform.Platform) ([]debbase.Pin, error) {
	l, err := ReadLock(f)
	if err != nil {
		return nil, err
	}
	pinned, ok := l[p.String()]
	if ok && reflect.DeepEqual(pinned.Of, f.Build.C[p.String()].Debian) {
		return pinned.Packages, nil
	}
	fault := "does not pin its packages"
	if ok {
		fault = "pins the packages of other settings"
	}
	return nil, fmt.Errorf("%s %s\n  To pin them: mage patches:lock -fork=%s", f.File(LockFile), fault, f.ID)
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
		pins, err := resolve(ctx, dir, name, want, now)
		if err != nil {
			return nil, fmt.Errorf("build.c.%s.debian: %w", name, err)
		}
		out[name] = Pinned{Of: want, Packages: pins}
	}
	return out, nil
}

// resolve chooses the packages of a sysroot for a platform, as linux/amd64.
func resolve(ctx context.Context, dir, on string, want cross.Debian, now time.Time) ([]debbase.Pin, error) {
	from, err := Archives(dir, want)
	if err != nil {
		return nil, err
	}
	_, arch, _ := strings.Cut(on, "/")
	return debbase.Resolve(ctx, from, debbase.Arch(arch), want.Packages, now)
}
