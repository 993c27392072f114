package keys

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/slipway-build/slipway/internal/run"
)

// A Program signs in a process of its own: an HSM's or a KMS's client, or gpg.
type Program struct {
	Key string // as it was given
	Env run.Env
	Run run.Runner
	// Limit is how long it may take for one signature; 0 is two minutes, since somebody may
	// have to touch a token or to enter a PIN.
	Limit time.Duration
}

// Wanted says what a command that signs has to write.
const Wanted = "  A command hashes its input with SHA-256, or for larger curves with a hash of their size, and " +
	"writes its signature alone, by the secret key of the public key that is given: " +
	"of RSA as PKCS #1 v1.5, of ECDSA in DER"

// Output runs a command of the program, and returns what it writes. One that does not end is
// ended.
func (p Program) Output(ctx context.Context, c run.Cmd) ([]byte, error) {
	limit := cmp.Or(p.Limit, 2*time.Minute)
	limited, stop := context.WithTimeout(ctx, limit)
	defer stop()
	out, err := p.Run.Output(limited, c)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("%s did not end within %s, and was ended\n"+
			"  It must not wait for input: what it is to sign is on its standard input", c.Args[0], limit)
	}
	return out, err
}

// Sign hands a command the bytes to be signed, and returns what it writes.
func (p Program) Sign(ctx context.Context, args []string, message io.Reader) ([]byte, error) {
	out, err := p.Output(ctx, run.Cmd{Args: args, Env: p.Env, Stdin: message})
	if err != nil {
		return nil, fmt.Errorf("key %s: the command that signs failed: %w", p.Key, err)
	}
	if len(bytes.TrimSpace(out)) == 0 {
		return nil, fmt.Errorf("key %s: the command that signs wrote nothing: "+
			"want the signature on its standard output", p.Key)
	}
	return out, nil
}
