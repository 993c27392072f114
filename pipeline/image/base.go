package image

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/debbase"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/profiles"
)

// baseFile is the name of the lock of a base, beside fork.yaml.
const baseFile = "base.lock"

// A baseLock is base.lock: the packages of a base, by architecture.
type baseLock struct {
	Of     images.Debian            `json:"of"`            // what was asked for
	Set    []string                 `json:"set,omitempty"` // the packages of the set that Of names
	Arches map[string][]debbase.Pin `json:"arches"`
}

// wantedBase returns the lock that a fork asks for, without pins.
func wantedBase(f fork.Fork) (baseLock, error) {
	out := baseLock{Of: f.Images.Debian}
	if out.Of.Set == "" {
		return out, nil
	}
	recipes, err := profiles.Images(f.Project.Dir, f.Profile)
	if err != nil {
		return out, err
	}
	if out.Set, err = recipes.Set(out.Of.Set, f.Parsed); err != nil {
		return out, f.Refuse("images.debian.set", "%v", err)
	}
	return out, nil
}

// PinBase pins the packages of the base that images.debian asks for, in base.lock
// beside fork.yaml, for all platforms of fork.yaml that are Linux. What is pinned
// for the same settings stays as it is. now is when the signatures of the archives
// have to be valid. A fork without images.debian has no base.lock, and the set is
// empty.
func PinBase(ctx context.Context, s *build.Session, now time.Time) (artifact.Set, error) {
	f := s.Fork()
	arches := linuxArches(f.Platforms)
	if !f.Images.Debian.IsSet() || len(arches) == 0 {
		return nil, nil
	}
	var old baseLock
	if _, err := f.ReadPins(baseFile, &old); err != nil {
		return nil, err
	}
	want, err := wantedBase(f)
	if err != nil {
		return nil, err
	}
	l, err := pin(old, want, arches, func(arch string) ([]debbase.Pin, error) { return want.resolve(ctx, f, arch, now) })
	if err != nil {
		return nil, err
	}
	return s.PlacePins(baseFile, l, "the packages of the base")
}

// resolve chooses the packages that the lock asks for on an architecture.
func (l baseLock) resolve(ctx context.Context, f fork.Fork, arch string, now time.Time) ([]debbase.Pin, error) {
	from, err := archives(f)
	if err != nil {
		return nil, err
	}
	pins, err := debbase.Resolve(ctx, from, debbase.Arch(arch), slices.Concat(l.Set, l.Of.Packages), now)
	if err != nil {
		err = fmt.Errorf("%s: images.debian: %w", f.File("fork.yaml"), err)
	}
	if err != nil && len(l.Set) > 0 {
		err = fmt.Errorf("%w\n  Set %s is %s: to leave one out, list the others in images.debian.packages instead",
			err, l.Of.Set, strings.Join(l.Set, ", "))
	}
	return pins, err
}

// asks reports whether two locks ask for the same packages.
func (l baseLock) asks(o baseLock) bool {
	return reflect.DeepEqual(l.Of, o.Of) && slices.Equal(l.Set, o.Set)
}

// pin returns a lock for architectures: the pins of old, where it is of the same
// settings, and what resolve returns for an architecture that it has no pins for.
func pin(
	old, want baseLock, arches []string, resolve func(arch string) ([]debbase.Pin, error),
) (baseLock, error) {
	out := baseLock{Of: want.Of, Set: want.Set, Arches: map[string][]debbase.Pin{}}
	if old.asks(want) {
		maps.Copy(out.Arches, old.Arches)
	}
	for _, arch := range arches {
		if out.Arches[arch] != nil {
			continue
		}
		var err error
		if out.Arches[arch], err = resolve(arch); err != nil {
			return baseLock{}, err
		}
	}
	return out, nil
}

// readPins returns the pinned packages of the base, by architecture; none where
// images.debian asks for none. An error names what is not pinned.
func readPins(f fork.Fork, on []platform.Platform) (map[string][]debbase.Pin, error) {
	if !f.Images.Debian.IsSet() {
		return nil, nil
	}
	want, err := wantedBase(f)
	if err != nil {
		return nil, err
	}
	var l baseLock
	exists, err := f.ReadPins(baseFile, &l)
	if err != nil {
		return nil, err
	}
	if fault := l.fault(exists, want, linuxArches(on)); fault != "" {
		return nil, fmt.Errorf("%s %s\n  To pin them: mage patches:lock -fork=%s", f.File(baseFile), fault, f.ID)
	}
	return l.Arches, nil
}

// readBase reads the pinned packages of the base, if an image has it.
func (p *plan) readBase() (err error) {
	if p.hasBase() {
		p.pins, err = readPins(p.fork, p.platforms)
	}
	return err
}

// fault returns why images cannot be made with the lock, which may not
// exist; "" is nothing.
func (l baseLock) fault(exists bool, want baseLock, arches []string) string {
	switch {
	case exists && !reflect.DeepEqual(l.Of, want.Of):
		return "pins the packages of other settings than those of images.debian"
	case exists && !l.asks(want):
		return "pins the packages that set " + want.Of.Set + " had before"
	}
	missing := slices.DeleteFunc(slices.Clone(arches), func(arch string) bool { return l.Arches[arch] != nil })
	if len(missing) == 0 {
		return ""
	}
	return "does not pin the packages of images.debian for " + strings.Join(missing, ", ")
}

// linuxArches returns the architectures of the platforms that are Linux, in their
// order, as Go names them.
func linuxArches(all []platform.Platform) []string {
	var out []string
	for _, p := range all {
		if p.OS == "linux" && !slices.Contains(out, p.Arch) {
			out = append(out, p.Arch)
		}
	}
	return out
}

// archives returns where the packages of a base come from.
func archives(f fork.Fork) ([]debbase.Archive, error) {
	out, err := debbase.Archives(f.Images.Debian.Suites, f.Project.Path(f.Images.Debian.Keyring))
	if err != nil {
		return nil, fmt.Errorf("%s: images.debian.%w", f.File("fork.yaml"), err)
	}
	return out, nil
}

// CheckBase returns what is wrong with base.lock, and with what reads the packages that it
// pins. A fork without images.debian has none.
func CheckBase(f fork.Fork) error {
	if _, err := readPins(f, f.Platforms); err != nil || !f.Images.Debian.IsSet() {
		return err
	}
	_, err := archives(f)
	return err
}
