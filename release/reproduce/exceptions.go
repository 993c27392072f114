package reproduce

import (
	"fmt"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/internal/glob"
)

// Settings are section release.reproduce of fork.yaml.
type Settings struct {
	// Exceptions are the artifacts that may differ when a release is built again, each with a
	// reason. None if left out.
	Exceptions []Exception `yaml:"exceptions"`
}

// An Exception is an artifact that may differ.
type Exception struct {
	// Path names artifacts as reports do: bin/linux_amd64/captain, images/captain. * matches
	// anything within a folder, ** any number of folders.
	Path string `yaml:"path" json:"path"`
	// Reason is why they may differ. Reports have it.
	Reason string `yaml:"reason" json:"reason"`
}

// Validate returns what is wrong with the section by itself.
func (s Settings) Validate() []config.Fault {
	var faults []config.Fault
	for i, e := range s.Exceptions {
		if e.Reason == "" {
			faults = append(faults, config.At("exceptions", i, "has no reason: say why %s may differ", e.Path))
		}
		if err := glob.Check(e.Path); err != nil {
			faults = append(faults, config.Faultf(fmt.Sprintf("exceptions[%d].path", i), "%v", err))
		}
	}
	return faults
}

// exceptions are those of a comparison, and which of them something needed.
type exceptions struct {
	all   []Exception
	match []func(string) bool
	used  []bool
}

func newExceptions(all []Exception) (*exceptions, error) {
	for _, f := range (Settings{all}).Validate() {
		return nil, fmt.Errorf("%s: %s", f.Field, f.Message)
	}
	e := &exceptions{all: all, used: make([]bool, len(all))}
	for _, x := range all {
		m, err := glob.Matcher([]string{x.Path})
		if err != nil {
			return nil, err
		}
		e.match = append(e.match, m)
	}
	return e, nil
}

// apply excepts a result that may differ.
func (e *exceptions) apply(r Result) Result {
	if r.Verdict == Same {
		return r
	}
	for i, match := range e.match {
		if match(r.Name) {
			e.used[i] = true
			if r.Verdict != Excepted {
				r.Verdict, r.Reason = Excepted, e.all[i].Reason
			}
		}
	}
	return r
}

func (e *exceptions) unused() []Exception {
	var out []Exception
	for i, x := range e.all {
		if !e.used[i] {
			out = append(out, x)
		}
	}
	return out
}
