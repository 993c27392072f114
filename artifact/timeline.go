package artifact

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
