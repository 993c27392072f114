//go:build linux

// Installer is the program of the installer image: with the host's root at
// /rootfs it installs what the image holds, or takes it away.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/slipway-build/slipway/installer"
)

const usage = `usage: installer [-role=ROLE [-replace]] [-dry-run] [-uninstall] [-status] [-root=/rootfs] [-from=/]
  -role       the role of the host (default: the one it has, or the only one)
  -replace    replace the role that the host has
  -dry-run    print what would be done, and do nothing
  -uninstall  remove what is installed, and restore what was there before
  -status     print what is installed, and what has changed since
  -root       where the host's root is mounted
  -from       the folder with the image
`

func main() {
	ctx, end := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer end()
	switch err := run(ctx, os.Args[1:], os.Stdout); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Print(usage)
	case errors.Is(err, errUsage):
		fmt.Fprintf(os.Stderr, "Error: %v\n%s", err, usage)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("bad arguments")

// run does what the arguments say.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("installer", flag.ContinueOnError)
	flags.Usage = func() {}
	flags.SetOutput(io.Discard)
	in := installer.Installer{Out: out}
	host, from, role := flags.String("root", "/rootfs", ""), flags.String("from", "/", ""), flags.String("role", "", "")
	uninstall, status := flags.Bool("uninstall", false, ""), flags.Bool("status", false, "")
	flags.BoolVar(&in.DryRun, "dry-run", false, "")
	flags.BoolVar(&in.Replace, "replace", false, "")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if flags.NArg() > 0 || *uninstall && *status || *role != "" && (*uninstall || *status) || in.Replace && *role == "" {
		return fmt.Errorf("%w: these do not go together: %s", errUsage, strings.Join(args, " "))
	}
	var err error
	if in.Root, err = os.OpenRoot(*host); err != nil {
		return fmt.Errorf("%w: mount the host's root there, as with -v /:%s", err, *host)
	}
	defer in.Root.Close()
	in.Systemd = systemd(*host)
	image, err := os.OpenRoot(*from)
	if err != nil {
		return err
	}
	defer image.Close()
	in.Image = image.FS()
	if *status {
		return in.Status(ctx)
	}
	unlock, err := lock(in.Root)
	if err != nil {
		return err
	}
	defer unlock()
	if *uninstall {
		return in.Uninstall(ctx)
	}
	if in.Facts, err = facts(*host); err != nil {
		return err
	}
	return in.Install(ctx, *role)
}

// lock keeps a second installer out. What it locks is a folder that each host
// has, so that nothing is left behind.
func lock(root *os.Root) (unlock func() error, err error) {
	d, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(d.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		d.Close()
		return nil, fmt.Errorf("another installer works in %s (%w): wait for it", strings.TrimSuffix(root.Name(), "/")+"/", err)
	}
	return d.Close, nil
}
