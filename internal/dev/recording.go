package dev

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/slipway-build/slipway/internal/recording"
)

// Recording draws docs/recording.svg, the terminal that README shows, from docs/recording.cast.
//
// To record another run, in a new clone: asciinema rec --cols=100 docs/recording.cast
func Recording() error {
	from := filepath.Join("docs", "recording.cast")
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	r, err := recording.Read(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	var out bytes.Buffer
	if err := recording.SVG(&out, r); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join("docs", "recording.svg"), out.Bytes(), 0o644)
}
