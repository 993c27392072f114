//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/slipway-build/slipway/internal/run"
)

// A Machine is a Debian that runs, in a container or in a virtual machine.
type Machine struct {
	Name    string
	Root    string // its root, as this host sees it; of a virtual machine, what its disk was made of
	Address netip.Addr

	lab     *Lab
	groups  groups
	console console
	kind    kind
	kill    func()        // ends what it runs in
	ended   chan struct{} // is closed when that has ended
}

// A kind of machine is what its Debian runs in.
type kind interface {
	prepare(ctx context.Context) error // makes a machine of a root
	command() (args, env []string)     // what it runs in, on the lab's network, and what that has in its environment
	ready(ctx context.Context) bool    // whether scripts can run
	try(ctx context.Context, args []string) (string, error)
	patience() time.Duration // how long it may take to start, or to stop
}

var machineRule = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)

// Boot prepares a root and starts it as a container with an address of the lab's subnet, and waits until it runs. The
// context is that of the wait: the machine runs until it is closed.
func (l *Lab) Boot(ctx context.Context, name, root, address string) (*Machine, error) {
	m, err := l.machine(name, root, address)
	if err != nil {
		return nil, err
	}
	m.kind = &container{m: m}
	return m, m.begin(ctx)
}

// machine returns a machine that has no kind yet.
func (l *Lab) machine(name, root, address string) (*Machine, error) {
	at, err := netip.ParseAddr(address)
	switch {
	case !machineRule.MatchString(name):
		return nil, fmt.Errorf("machine %q: a name is lower-case letters, digits and dashes", name)
	case err != nil || !l.o.Subnet.Contains(at) || at == l.Host():
		return nil, fmt.Errorf("machine %s: %s is not a free address of %s", name, address, l.o.Subnet)
	}
	return &Machine{Name: name, Root: root, Address: at, lab: l}, nil
}

// begin starts a machine for the first time.
func (m *Machine) begin(ctx context.Context) error {
	if err := m.kind.prepare(ctx); err != nil {
		return err
	}
	m.lab.mu.Lock()
	m.lab.started = append(m.lab.started, m)
	m.lab.mu.Unlock()
	return m.start(ctx)
}

// start starts what the machine runs in and waits until systemd has started the rest.
func (m *Machine) start(ctx context.Context) error {
	group, err := m.lab.groups.sub(m.Name)
	if err != nil {
		return err
	}
	m.groups = group
	const join = `n=$1; shift
while [ "$n" -gt 0 ]; do echo $$ >"$1/cgroup.procs"; shift; n=$((n - 1)); done
exec "$@"`
	args := append([]string{"sh", "-ec", join, "sh", strconv.Itoa(len(group))}, group...)
	command, env := m.kind.command()
	args = append(append(args, "nsenter", "--net="+m.lab.netns()), command...)
	life, kill := context.WithCancel(context.WithoutCancel(ctx))
	m.kill, m.ended = kill, make(chan struct{})
	go func(ended chan struct{}) {
		defer close(ended)
		_ = run.Runner{}.Run(life, run.Cmd{Args: args, Stdout: &m.console, Stderr: &m.console,
			Env: m.lab.env.With(env...)})
	}(m.ended)
	return m.waitRunning(ctx)
}

func (m *Machine) waitRunning(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, m.kind.patience())
	defer cancel()
	for {
		if m.kind.ready(ctx) {
			state, _ := m.Try(ctx, "systemctl is-system-running")
			if strings.HasPrefix(state, "running") || strings.HasPrefix(state, "degraded") {
				_, err := m.Sh(ctx, "systemctl is-active --quiet lab-prepare || { systemctl status lab-prepare; exit 1; }")
				return err
			}
		}
		select {
		case <-m.ended:
			return fmt.Errorf("machine %s ended as it started:\n%s", m.Name, m.console.String())
		case <-ctx.Done():
			return fmt.Errorf("machine %s does not start: %w\n%s", m.Name, ctx.Err(), m.console.String())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// Try runs a script of sh as root in the machine, with the environment of a login, and returns what it prints.
func (m *Machine) Try(ctx context.Context, script string) (string, error) {
	select {
	case <-m.ended:
		return "", fmt.Errorf("machine %s does not run", m.Name)
	default:
	}
	return m.kind.try(ctx, []string{"/usr/bin/env", "-i",
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/sbin:/opt/bin",
		"HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", "/bin/sh", "-euc", "cd; exec 2>&1; " + script})
}

// Sh runs a script as Try does. Its error has what the script prints; else that is returned, without the space around.
func (m *Machine) Sh(ctx context.Context, script string) (string, error) {
	out, err := m.Try(ctx, script)
	if err != nil {
		return out, fmt.Errorf("on %s, %s: %w\n%s", m.Name, script, err, out)
	}
	return strings.TrimSpace(out), nil
}

// Reboot stops the machine in good order and starts it again.
func (m *Machine) Reboot(ctx context.Context) error {
	_, _ = m.Try(ctx, "systemctl --no-block poweroff") // it may end before it answers
	if err := m.waitEnd(ctx); err != nil {
		return err
	}
	if err := m.groups.remove(); err != nil {
		return err
	}
	return m.start(ctx)
}

func (m *Machine) waitEnd(ctx context.Context) error {
	select {
	case <-m.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(m.kind.patience()):
		return fmt.Errorf("machine %s does not stop:\n%s", m.Name, m.console.String())
	}
}

// Close ends the machine at once, as if its power failed. Its root stays.
func (m *Machine) Close(ctx context.Context) error {
	m.lab.mu.Lock()
	m.lab.started = slices.DeleteFunc(m.lab.started, func(o *Machine) bool { return o == m })
	m.lab.mu.Unlock()
	if m.kill == nil {
		return nil
	}
	err := m.groups.remove() // what it runs in is in them, too
	m.kill()
	return errors.Join(err, m.waitEnd(context.WithoutCancel(ctx)))
}

// Console returns the end of what the machine wrote to its console.
func (m *Machine) Console() string { return m.console.String() }

// A console keeps the end of what is written to it.
type console struct {
	mu  sync.Mutex
	buf []byte
}

const consoleSize = 16 << 10

func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.buf = append(c.buf, p...)
	if len(c.buf) > 2*consoleSize {
		c.buf = slices.Clone(c.buf[len(c.buf)-consoleSize:])
	}
	return len(p), nil
}

func (c *console) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.buf[max(0, len(c.buf)-consoleSize):])
}
