package publish

import (
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/internal/run"
)

// Options are what a target is opened with, besides its URL.
type Options struct {
	Env     run.Env // for credentials, settings and subprocesses
	Run     run.Runner
	Scratch string // a folder for temporary files, which is there
	Events  event.Sink
}
