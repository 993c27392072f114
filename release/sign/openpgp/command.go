package openpgp

import (
	"bytes"
	"context"
	"crypto"
	"fmt"
	"io"

	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/slipway-build/slipway/release/sign/keys"
)

// FromCommand is the key whose public part is at hand, and whose secret part a command
// uses: it is handed exactly the bytes to be signed, hashes and signs them, and returns the
// plain signature, of RSA as PKCS #1 v1.5, of ECDSA in DER.
func FromCommand(p keys.Program, public []byte, args []string) (Key, error) {
	e, err := read(p.Key, public)
	if err != nil {
		return Key{}, err
	}
	k := Key{Source: p.Key, cert: e, secret: map[uint64]bool{}}
	for _, part := range parts(e) {
		if isRSA(part.key) || part.key.PubKeyAlgo == packet.PubKeyAlgoECDSA {
			k.secret[part.key.KeyId] = true
		}
	}
	if len(k.secret) == 0 {
		return Key{}, fmt.Errorf("key %s: a command can sign with an OpenPGP key of RSA or ECDSA, and %s is neither: "+
			"give it to gpg-agent, as gpg:KEYID", p.Key, k.Fingerprint())
	}
	k.sign = func(ctx context.Context, r request) ([]byte, error) {
		c := &command{ctx: ctx, program: p, args: args}
		out, err := makeSignature(r, &packet.PrivateKey{PublicKey: *r.key, PrivateKey: c}, &c.message)
		if c.err != nil { // the library drops it
			return nil, c.err
		}
		return out, err
	}
	return k, nil
}

// A command is a private key for the library: it hands out the message, and not the digest.
type command struct {
	ctx     context.Context
	program keys.Program
	args    []string
	message bytes.Buffer
	err     error
}

func (c *command) Public() crypto.PublicKey { return nil }

func (c *command) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	var out []byte
	out, c.err = c.program.Sign(c.ctx, c.args, &c.message)
	return out, c.err
}
