package artifact

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
)

// TimelineFile is the name of the timeline in dist/FORK. A release has it on its page, and
// not among its files: it tells of one machine.
const TimelineFile = "timeline.json"

// A Timeline is timeline.json: what the last run that made something of a fork did, in the
// order it began.
type Timeline struct {
	Spans []Span `json:"spans"`
}

// A Span is one stage of a run.
type Span struct {
	Stage   string `json:"stage"` // cross, deb, image …, as events name it
	Subject string `json:"subject,omitempty"`
	Detail  string `json:"detail,omitempty"`
	Start   int64  `json:"start"` // milliseconds since the run began
	End     int64  `json:"end"`   // milliseconds since the run began
	Kept    bool   `json:"kept,omitempty"`
	Failed  bool   `json:"failed,omitempty"`
}

// ReadTimeline reads a timeline.json. One that does not exist, or cannot be understood, tells
// nothing.
func ReadTimeline(name string) (Timeline, error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return Timeline{}, nil
	}
	if err != nil {
		return Timeline{}, err
	}
	var t Timeline
	if json.Unmarshal(data, &t) != nil {
		return Timeline{}, nil
	}
	return t, nil
}
