//go:build mage

// Harbour builds ships.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/magefile/mage/mg"
)

var Aliases = map[string]interface{}{"bin": Cross}

// Cross compiles a fork.
//
// Without flags it compiles all components.
//
// Examples:
//
//	mage cross                 # for this machine
//	mage cross -platforms=all  # for all platforms
func Cross(
	fork *string, // NAME the fork (default: the project's only one)
	platforms *string, // LIST platforms to build for, as linux/amd64,linux/arm64, or all (default: this machine's)
	dryRun *bool, // say what would be done
) {
	fmt.Println("cross", text(fork), text(platforms), dryRun != nil && *dryRun)
}

func text(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}

// Sail goes somewhere.
func Sail(
	where string, // where to
	knots int,
	pause *time.Duration,
) {
	fmt.Println("sail", where, knots, pause != nil)
}

type Patches mg.Namespace

// Lock pins the patches.
func (Patches) Lock() { fmt.Println("lock in", os.Getenv("MAGEFILE_SLIPWAY_COMMAND")) }

// Wait waits for an interrupt.
func Wait(ctx context.Context) error {
	fmt.Println("waiting")
	<-ctx.Done()
	return ctx.Err()
}

// Deaf goes on for a second, whatever happens.
func Deaf() {
	fmt.Println("waiting")
	time.Sleep(time.Second)
}

// Sink fails.
func Sink() error { return errors.New("there is a leak") }

// Leave ends with a status of its own.
func Leave() error { return mg.Fatal(7, "gone") }

// Where prints the folder that targets run in.
func Where() error {
	dir, err := os.Getwd()
	fmt.Println(dir)
	return err
}
