package reproduce

import (
	"context"
	"errors"
	"io"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/release/provenance"
)

// A Request is a rebuild to be.
type Request struct {
	Project string            // folder of the checkout that is built again
	Record  provenance.Record // what it is built from
	Work    string            // folder that does not exist yet, outside of the project; absolute
	// Command is the program, by an absolute path, and its arguments, which release the fork
	// in the folder that they run in, unsigned.
	Command []string
	Env     run.Env
	Runner  run.Runner
	Stdout  io.Writer
	Stderr  io.Writer
}

// A Rebuilt is a rebuild that ended.
type Rebuilt struct {
	Dir     string // the release's folder in it
	Changes []Change
}

// Rebuild checks that the project's checkout is what the release was built from, copies it
// without dist to another folder, and has the command run there as another user, with another
// umask, locale, time zone and home, and no cache but that of downloaded modules.
func Rebuild(ctx context.Context, r Request) (Rebuilt, error) {
	return Rebuilt{}, errors.New("not yet")
}

// CheckSources returns an error that names each file of the project that is not as the
// release was built from, is missing, or was added.
func CheckSources(project string, want provenance.Sources) error { return errors.New("not yet") }
