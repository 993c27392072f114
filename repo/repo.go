// Package repo keeps a project's repositories in dist/repo: it adds releases to them, moves them
// from channel to channel and back, and publishes them.
package repo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/action"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/repo/bootstrap"
	"github.com/slipway-build/slipway/repo/settings"
)

// Dir is the folder of a project's repositories.
const Dir = "dist/repo"

// A Keeper keeps the repositories of a project.
type Keeper struct {
	Project fork.Project
	Env     run.Env
	Events  event.Sink
	Now     time.Time
	// PlanOnly has verbs return as soon as they know that they can do what they are asked.
	PlanOnly bool
	Step     func(what string) // told of each moment at which the disk changes for good; may be nil
}

// cache is where outputs are made before they are placed. One run at a time has it.
func (k Keeper) cache() action.Cache {
	return action.Cache{Dir: k.Project.Path(filepath.Join("dist", ".cache")), Step: k.Step}
}

// settings reads repo.yaml.
func (k Keeper) settings() (settings.Settings, error) {
	data, err := os.ReadFile(k.Project.Path(settings.File))
	if errors.Is(err, fs.ErrNotExist) {
		return settings.Settings{}, fmt.Errorf("%s: there is none: it says what the repositories are called\n  Write it, as\n"+
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
	signer, err := sign.Open(ctx, sign.Settings{Keys: by.Keys, Time: k.Now, Env: k.Env, Run: run.Runner{Events: k.Events}})
	if err != nil || len(by.Keys) == 0 {
		return signer, err
	}
	if !signer.OpenPGP() {
		return nil, &sign.NoKeyError{What: "a repository's indexes", Kind: "OpenPGP"}
	}
	warnings, err := bootstrap.Fit(signer, k.Now, time.Duration(s.ValidDays)*24*time.Hour, true)
	for _, w := range warnings {
		k.Events.Note(w.String())
	}
	if err != nil {
		return nil, err
	}
	return signer, signer.Try(ctx)
}

// locked calls f while no other run of the project does anything.
func (k Keeper) locked(ctx context.Context, f func(context.Context) error) error {
	unlock, err := k.cache().Lock(ctx, func() { k.Events.Note("waiting for another run in this project") })
	if err != nil {
		return err
	}
	defer unlock()
	return f(ctx)
}
