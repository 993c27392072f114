package openpgp

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/release/sign/keys"
)

// FromAgent is a key of gpg-agent, which the gpg program asks: id is a fingerprint, a key ID
// or a user ID that gpg finds one secret key by.
func FromAgent(ctx context.Context, p keys.Program, id string) (Key, error) {
	if _, err := p.Env.LookPath("gpg"); err != nil {
		return Key{}, fmt.Errorf("key %s: the gpg program is not in PATH\n"+
			"  To install it: apt-get install gpg gpg-agent, or dnf install gnupg2", p.Key)
	}
	listed, err := gpg(ctx, p, nil, "--with-colons", "--list-secret-keys", "--", id)
	if err != nil {
		return Key{}, fmt.Errorf("key %s: gpg-agent has no secret key %s\n"+
			"  To see those it has: gpg --list-secret-keys --keyid-format=long\n%w", p.Key, id, err)
	}
	primary, secret := secretKeys(listed)
	if len(primary) != 1 {
		return Key{}, fmt.Errorf("key %s: %s are secret keys of that name: give the fingerprint of one",
			p.Key, strings.Join(primary, ", "))
	}
	public, err := gpg(ctx, p, nil, "--export", "--", primary[0])
	if err != nil {
		return Key{}, fmt.Errorf("key %s: %w", p.Key, err)
	}
	e, err := read(p.Key, public)
	if err != nil {
		return Key{}, err
	}
	k := Key{Source: p.Key, cert: e, secret: map[uint64]bool{}}
	for _, part := range parts(e) {
		k.secret[part.key.KeyId] = slices.Contains(secret, fingerprint(part.key))
	}
	k.sign = func(ctx context.Context, r request) ([]byte, error) { return askAgent(ctx, p, r) }
	return k, nil
}

// askAgent has gpg make a signature.
func askAgent(ctx context.Context, p keys.Program, r request) ([]byte, error) {
	args := []string{"--detach-sign", "--local-user", fingerprint(r.key) + "!",
		"--digest-algo", strings.ReplaceAll(hashFor(r.key).String(), "-", ""),
		"--faked-system-time", strconv.FormatInt(r.at.Unix(), 10) + "!"}
	if r.text {
		args = append(args, "--textmode")
	}
	out, err := gpg(ctx, p, r.data, args...)
	if err != nil {
		return nil, fmt.Errorf("key %s: gpg could not sign: %w\n"+
			"  If it has a passphrase, gpg-agent has to know it: gpg-preset-passphrase, or a pinentry that can ask", p.Key, err)
	}
	return out, nil
}

// gpg runs the program on data.
func gpg(ctx context.Context, p keys.Program, data []byte, args ...string) ([]byte, error) {
	fixed := []string{"gpg", "--batch", "--no-tty", "--no-armor", "--no-auto-key-locate"}
	return p.Output(ctx, run.Cmd{Args: append(fixed, args...), Env: p.Env, Stdin: bytes.NewReader(data)})
}

// secretKeys reads a listing with colons: the fingerprints of primary keys, and of all keys
// whose secret part gpg-agent or a smart card has.
func secretKeys(listing []byte) (primary, secret []string) {
	var kind string
	var absent bool
	for line := range strings.Lines(string(listing)) {
		f := strings.Split(strings.TrimSpace(line), ":")
		switch {
		case (f[0] == "sec" || f[0] == "ssb") && len(f) > 14:
			kind, absent = f[0], f[14] == "#"
		case f[0] == "fpr" && len(f) > 9:
			if kind == "sec" {
				primary = append(primary, f[9])
			}
			if !absent {
				secret = append(secret, f[9])
			}
		}
	}
	return primary, secret
}
