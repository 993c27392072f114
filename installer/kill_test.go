package installer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

// errKilled is what the hook panics with: nothing of a run is done after it.
var errKilled = errors.New("killed")

// An action is something that an installer does.
type action = func(context.Context, Installer) error

// killed runs something that is killed before its nth change, and reports
// whether it came so far.
func killed(t *testing.T, m *machine, image *img, n int, run action) (what string, was bool) {
	t.Helper()
	var out bytes.Buffer
	in := m.installer(image.fs(t), &out)
	in.hook = func(step string) {
		if n--; n == 0 {
			what = step
			panic(errKilled)
		}
	}
	defer func() {
		if r := recover(); r != nil {
			if err, ok := r.(error); !ok || !errors.Is(err, errKilled) {
				panic(r)
			}
			was = true
		}
	}()
	if err := run(t.Context(), in); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	return "", false
}

// A kill is a run that is killed at each step.
type kill struct {
	host func(*testing.T) *machine // makes the host
	run  action
	next *img // the image that the installer runs from
}

func kills() map[string]kill {
	install := func(role string) action {
		return func(ctx context.Context, in Installer) error { return in.Install(ctx, role) }
	}
	replace := func(role string) action {
		return func(ctx context.Context, in Installer) error {
			in.Replace = true
			return in.Install(ctx, role)
		}
	}
	uninstall := func(ctx context.Context, in Installer) error { return in.Uninstall(ctx) }
	changed := func(t *testing.T) *machine {
		m := settled(t)
		m.install(ship(), "master")
		m.write("/etc/cook/menu", "the operator's", 0o640)
		m.write("/etc/cook/ring", "the operator's", 0o600)
		return m
	}
	return map[string]kill{
		"install":                {newMachine, install("master"), ship()},
		"install over others":    {settled, install("mate"), ship()},
		"upgrade":                {changed, install(""), ship2()},
		"upgrade to other units": {changed, replace("mate"), ship2()},
		"uninstall":              {changed, uninstall, ship()},
	}
}

// TestKilled kills runs before each of their changes. Run again, each ends where
// it would have, with units that run what is there.
func TestKilled(t *testing.T) {
	for name, c := range kills() {
		t.Run(name, func(t *testing.T) {
			whole := c.host(t)
			killed(t, whole, c.next, 0, c.run)
			want := whole.snapshot(false)
			n := 1
			for ; ; n++ {
				m := c.host(t)
				what, was := killed(t, m, c.next, n, c.run)
				if !was {
					break
				}
				killed(t, m, c.next, 0, c.run)
				check(t, fmt.Sprintf("killed at change %d, %s, and run again", n, what), m.snapshot(false), want)
			}
			if n < 10 {
				t.Errorf("it has %d changes only", n)
			}
		})
	}
}

// TestKilledTwice has the second run killed, too.
func TestKilledTwice(t *testing.T) {
	for name, c := range kills() {
		whole := c.host(t)
		killed(t, whole, c.next, 0, c.run)
		want := whole.snapshot(false)
		for n := 1; ; n += 5 {
			m := c.host(t)
			first, was := killed(t, m, c.next, n, c.run)
			if !was {
				break
			}
			second, _ := killed(t, m, c.next, 3+n/2, c.run)
			killed(t, m, c.next, 0, c.run)
			check(t, fmt.Sprintf("%s: killed at %s, then at %s", name, first, second), m.snapshot(false), want)
		}
	}
}

// TestKilledAndUninstalled takes away an install that was killed.
func TestKilledAndUninstalled(t *testing.T) {
	for _, host := range []func(*testing.T) *machine{newMachine, settled} {
		for n := 1; ; n++ {
			m := host(t)
			before := m.snapshot(false)
			what, was := killed(t, m, ship(), n,
				func(ctx context.Context, in Installer) error { return in.Install(ctx, "master") })
			m.uninstall()
			check(t, fmt.Sprintf("killed at change %d, %s, and uninstalled", n, what), m.snapshot(false), before)
			if !was {
				break
			}
		}
	}
}

// TestKilledUpgradeGivenUp installs another version than that which was killed.
func TestKilledUpgradeGivenUp(t *testing.T) {
	whole := newMachine(t)
	whole.install(ship(), "master")
	want := whole.snapshot(false)
	for n := 1; ; n++ {
		m := newMachine(t)
		m.install(ship(), "master")
		what, was := killed(t, m, ship2(), n, func(ctx context.Context, in Installer) error { return in.Install(ctx, "") })
		if !was {
			break
		}
		m.install(ship(), "")
		check(t, fmt.Sprintf("killed at change %d, %s, and gone back", n, what), m.snapshot(false), want)
	}
}

// TestStopped has a run end between two changes when it is told to.
func TestStopped(t *testing.T) {
	m := newMachine(t)
	ctx, end := context.WithCancel(t.Context())
	var out bytes.Buffer
	in := m.installer(ship().fs(t), &out)
	in.hook = func(step string) {
		if strings.HasPrefix(step, "fill usr/") {
			end()
		}
	}
	if err := in.Install(ctx, "mate"); !errors.Is(err, context.Canceled) ||
		!strings.Contains(err.Error(), "run it again to continue, or with -uninstall to undo it") {
		t.Errorf("a run that is told to end: %v", err)
	}
	if _, err := os.Stat(m.path(JournalPath("ship"))); err != nil {
		t.Error(err)
	}
}
