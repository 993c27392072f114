package keys

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/slipway-build/slipway/internal/run"
)

// A Program signs in a process of its own: an HSM's or a KMS's client, or gpg.
type Program struct {
	Key string // as it was given
	Env run.Env
	Run run.Runner
}

// Sign hands a command the bytes to be signed, and returns what it writes.
func (p Program) Sign(ctx context.Context, args []string, message io.Reader) ([]byte, error) {
	out, err := p.Run.Output(ctx, run.Cmd{Args: args, Env: p.Env, Stdin: message})
	if err != nil {
		return nil, fmt.Errorf("key %s: the command that signs failed: %w", p.Key, err)
	}
	if len(bytes.TrimSpace(out)) == 0 {
		return nil, fmt.Errorf("key %s: the command that signs wrote nothing: "+
			"want the signature on its standard output", p.Key)
	}
	return out, nil
}
