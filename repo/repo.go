// Package repo keeps a project's repositories in dist/repo: it adds releases to them, moves them
// from channel to channel and back, and publishes them.
package repo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/keys"
	"github.com/slipway-build/slipway/repo/bootstrap"
	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/settings"
)

// Dir is the folder of a project's repositories.
const Dir = "dist/repo"

// A Keeper keeps the repositories of a project.
type Keeper struct {
	Project fork.Project
	Options build.Options
	Now     time.Time // of the snapshots that it makes
}

// settings reads repo.yaml.
func (k Keeper) settings() (settings.Settings, error) {
	data, err := os.ReadFile(k.Project.Path(settings.File))
	if errors.Is(err, fs.ErrNotExist) {
		return settings.Settings{},
			fmt.Errorf("%s: there is none: it says what the repositories are called\n  Write it, as\n"+
				"    name: acme\n    origin: Acme\n    url: https://packages.example.org\n"+
				"    maintainer: Ada <ada@example.org>", settings.File)
	}
	if err != nil {
		return settings.Settings{}, err
	}
	return settings.Read(settings.File, data)
}

// signer opens the keys that a change is signed with, and checks them for the repository's clients.
func (k Keeper) signer(ctx context.Context, by Request, s settings.Settings) (*sign.Signer, error) {
	signer, err := sign.Open(ctx, sign.Settings{Keys: by.Keys, Time: k.Now, Env: k.Options.Env, Run: k.runner()})
	if err != nil || len(by.Keys) == 0 {
		return signer, err
	}
	if !signer.OpenPGP() {
		return nil, &sign.NoKeyError{What: "a repository's indexes", Kind: "OpenPGP"}
	}
	warnings, err := bootstrap.Fit(signer, k.Now, time.Duration(s.ValidDays)*24*time.Hour, true)
	for _, w := range warnings {
		k.note("%s", w)
	}
	if err != nil {
		return nil, err
	}
	return signer, signer.Try(ctx)
}

// trusted verifies a cleartext signature by the signer's keys, or else by those of repo.yaml.
func (k Keeper) trusted(s settings.Settings, by *sign.Signer, name string, signed []byte) ([]byte, error) {
	text, _, err := by.Verifier().VerifyClear(name, signed)
	if unknown := (*keys.UnknownError)(nil); !errors.As(err, &unknown) || len(s.Keys) == 0 {
		return text, err
	}
	files := make([]string, len(s.Keys))
	for i, name := range s.Keys {
		files[i] = k.Project.At(name)
	}
	others, err := sign.OpenVerifier(files)
	if err != nil {
		return nil, err
	}
	text, _, err = others.VerifyClear(name, signed)
	return text, err
}

// locked calls f while no other run of the project does anything.
func (k Keeper) locked(ctx context.Context, f func(context.Context, *build.Held) error) error {
	held, err := build.Hold(ctx, k.Project, k.Options)
	if err != nil {
		return k.Project.Explain(err)
	}
	return k.explain(errors.Join(f(ctx, held), held.Close()))
}

func (k Keeper) note(format string, args ...any) { k.Options.Events.Note(fmt.Sprintf(format, args...)) }

func (k Keeper) runner() run.Runner { return run.Runner{Events: k.Options.Events} }

// target is what targets are opened with.
func (k Keeper) target(held *build.Held) (publish.Options, error) {
	scratch, err := held.Dist().Cache.Scratch()
	return publish.Options{Env: k.Options.Env, Run: k.runner(), Scratch: scratch, Events: k.Options.Events}, err
}
