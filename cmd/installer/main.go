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

const usage = `usage:
  installer install [-root=/rootfs] [-role=ROLE] [-dry-run] [-from=/]
  installer uninstall [-root=/rootfs] [-dry-run] [-from=/]
  installer status [-root=/rootfs] [-from=/]
`

func main() {
	ctx, end := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer end()
	switch err := run(ctx, os.Args[1:], os.Stdout); {
	case errors.Is(err, errUsage), errors.Is(err, flag.ErrHelp):
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage")

// run does what the arguments say.
func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.Usage = func() {}
	in := installer.Installer{Out: out}
	host := flags.String("root", "/rootfs", "")
	from, role := flags.String("from", "/", ""), ""
	switch args[0] {
	case "install":
		flags.StringVar(&role, "role", "", "")
		flags.BoolVar(&in.DryRun, "dry-run", false, "")
	case "uninstall":
		flags.BoolVar(&in.DryRun, "dry-run", false, "")
	case "status":
	default:
		return errUsage
	}
	if err := flags.Parse(args[1:]); err != nil || flags.NArg() > 0 {
		return errUsage
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
	if args[0] == "status" {
		return in.Status(ctx)
	}
	unlock, err := lock(in.Root)
	if err != nil {
		return err
	}
	defer unlock()
	if args[0] == "uninstall" {
		return in.Uninstall(ctx)
	}
	if in.Facts, err = facts(*host); err != nil {
		return err
	}
	return in.Install(ctx, role)
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
