package show

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// A took is how long a stage took. Its key is all but that.
type took struct {
	Fork    string        `json:"fork,omitempty"`
	Stage   string        `json:"stage"`
	Subject string        `json:"subject,omitempty"`
	Detail  string        `json:"detail,omitempty"`
	Took    time.Duration `json:"took"` // nanoseconds
	Curve   curve         `json:"curve,omitempty"`
}

func (t took) sameStage(o took) bool {
	return t.Fork == o.Fork && t.Stage == o.Stage && t.Subject == o.Subject && t.Detail == o.Detail
}

// A past is how long stages took in earlier runs, those of the last run at the end.
type past struct {
	stages  []took
	changed bool
}

const (
	remembered = 200         // stages; a project has some forks, platforms and media
	worth      = time.Second // a stage that took less is not remembered
)

// of returns how long a stage took when it last ran.
func (p past) of(fork string, s *stage) took {
	wanted := took{Fork: fork, Stage: s.name, Subject: s.subject, Detail: s.detail}
	if i := slices.IndexFunc(p.stages, wanted.sameStage); i >= 0 {
		return p.stages[i]
	}
	return took{}
}

// past returns how long a stage has taken that ends now.
func (s *stage) past(fork string, now time.Time) took {
	t := took{Fork: fork, Stage: s.name, Subject: s.subject, Detail: s.detail, Took: now.Sub(s.began)}
	if len(s.curve) == parts(s.total)+1 {
		t.Curve = s.curve
	}
	return t
}

// note remembers a stage instead of what was known of it.
func (p *past) note(t took) {
	if t.Took < worth {
		return
	}
	p.stages = append(slices.DeleteFunc(p.stages, t.sameStage), t)
	p.stages = p.stages[max(0, len(p.stages)-remembered):]
	p.changed = true
}

// readPast reads what write wrote. Nothing depends on it, so what cannot be read is nothing.
func readPast(file string) past {
	var p past
	data, err := os.ReadFile(file)
	if err == nil && json.Unmarshal(data, &p.stages) != nil {
		p.stages = nil
	}
	return p
}

// write writes the file in one step, if something changed and its folder is there: where a
// run made nothing, it makes no folder either. What is left of a write that was cut is where
// the cache has its scratch, and goes with that.
func (p past) write(file string) {
	dir := filepath.Dir(file)
	if info, err := os.Stat(dir); !p.changed || err != nil || !info.IsDir() {
		return
	}
	tmp := filepath.Join(dir, "tmp")
	data, err := json.Marshal(p.stages)
	if err != nil || os.MkdirAll(tmp, 0o755) != nil {
		return
	}
	f, err := os.CreateTemp(tmp, "times-")
	if err != nil {
		return
	}
	_, err = f.Write(append(data, '\n'))
	if err := errors.Join(err, f.Chmod(0o644), f.Close()); err != nil || os.Rename(f.Name(), file) != nil {
		_ = os.Remove(f.Name())
	}
}
