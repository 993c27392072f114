package slipway

import "embed"

// programs has the sources of the programs that Slipway itself adds to images. They
// are embedded, so a project need not have Slipway as a Go module; they import no
// module but it.
//
//go:embed cmd/pause/main.go cmd/installer/*.go installer/*.go
var programs embed.FS
