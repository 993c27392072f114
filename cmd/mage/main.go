// Mage runs mage (https://magefile.org) so that two can start at once in one
// project. Mage itself writes a file with a fixed name into the project while it
// compiles the magefile, and a second one would remove that file.
//
// Beyond Mage it has what slipway has: help with every flag, completion, checks of a
// whole line, and init.
package main

import (
	"os"

	"github.com/slipway-build/slipway/cmd/internal/front"
)

func main() { os.Exit(front.Main("mage", os.Args[1:])) }
