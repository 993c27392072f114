package reproduce

import (
	"github.com/slipway-build/slipway/internal/glob"
	"github.com/slipway-build/slipway/release/settings"
)

// An Exception is an artifact that may differ. Its path names artifacts as reports do:
// bin/linux_amd64/captain, images/captain.
type Exception = settings.Exception

// exceptions are those of a comparison, and which of them something needed.
type exceptions struct {
	all   []Exception
	match []func(string) bool
	used  []bool
}

func newExceptions(all []Exception) (*exceptions, error) {
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
