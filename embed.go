package slipway

import "embed"

// programs has the sources of Slipway's own programs that images hold, since a
// project need not know Slipway as a Go module. They need no other module.
//
//go:embed cmd/pause/main.go cmd/installer/*.go installer/*.go
var programs embed.FS
