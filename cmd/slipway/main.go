// Slipway runs the targets of a project, which it finds from any folder below, and starts
// new projects.
package main

import (
	"os"

	"github.com/slipway-build/slipway/cmd/internal/front"
)

func main() { os.Exit(front.Main("slipway", os.Args[1:])) }
