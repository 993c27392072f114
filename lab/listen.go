//go:build linux

package lab

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Listen listens on a port of the lab's own address, for machines to reach this process by.
func (l *Lab) Listen(port uint16) (net.Listener, error) {
	var listener net.Listener
	err := l.inside(func() (err error) {
		listener, err = net.Listen("tcp4", netip.AddrPortFrom(l.Host(), port).String())
		return err
	})
	return listener, err
}

// Dial connects this process to an address and a port of a machine.
func (l *Lab) Dial(address string) (net.Conn, error) {
	var conn net.Conn
	err := l.inside(func() (err error) {
		conn, err = net.Dial("tcp4", address)
		return err
	})
	return conn, err
}

// Command returns the arguments of a program of this host that is to run in the lab's network.
func (l *Lab) Command(args ...string) []string {
	return append([]string{"nsenter", "--net=" + l.netns()}, args...)
}

// inside calls f in the lab's network namespace. A socket stays in the namespace that it was made in.
func (l *Lab) inside(f func() error) error {
	result := make(chan error)
	go func() {
		// The thread is never unlocked, so that it ends with its goroutine and nobody else runs in the namespace.
		runtime.LockOSThread()
		result <- func() error {
			ns, err := os.Open(l.netns())
			if err != nil {
				return err
			}
			defer ns.Close()
			if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
				return fmt.Errorf("lab %s: entering %s: %w", l.o.Name, l.netns(), err)
			}
			return f()
		}()
	}()
	return <-result
}
