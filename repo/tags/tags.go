// Package tags has tags of images follow the channels of a repository: stable-1.36 names the
// image of the release that is stable now.
package tags

import (
	"context"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/registry"
)

// A Want is a tag, and the image that it is to name.
type Want struct {
	Repository string `json:"repository"` // registry.example.org/team/hyperkube
	Tag        string `json:"tag"`        // stable-1.36
	Digest     string `json:"digest"`     // sha256:…; "": there should be no such tag
	// Fork and Version are whose image it is; errors name them.
	Fork    string `json:"fork"`    // kubernetes-1.36
	Version string `json:"version"` // 1.36.1+acme.1
}

// A Move is what is done for a Want: the tag named From, and names To.
type Move struct {
	Want
	From string `json:"from,omitempty"` // sha256:…; "": there was no such tag
}

// A Report is what was done.
type Report struct {
	Moved []Move `json:"moved"`
	Kept  []Want `json:"kept"` // named their digests before
	Left  []Move `json:"left"` // should not be there, but their registry removes no tags
}

// A Mover moves tags in registries.
type Mover struct {
	Registry registry.Pusher // with logins and options of connections; its Registries are not used
	Events   event.Sink
}

// Between returns what to want so that tags name what they do in next, where those of shown
// that next does not have are no longer wanted.
func Between(shown, next []Want) []Want { return nil }

// Plan returns what has to move so that tags name what is wanted: have has what they name now,
// by REPOSITORY:TAG. A tag of a version, such as v1.36.1_acme.1, is never moved.
func Plan(wants []Want, have map[string]string) ([]Move, error) { return nil, nil }

// Move has tags name what is wanted. Nothing moves before all images were found in their
// repositories, and all tags were asked for. What was moved is reported also where it fails; the
// same call once more moves the rest.
func (m Mover) Move(ctx context.Context, wants []Want) (Report, error) { return Report{}, nil }
