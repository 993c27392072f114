package publish

import (
	"context"
	"time"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/repo/tree"
)

// headSchema is the version of the form of a head.
const headSchema = 1

// A Request is how a state is published.
type Request struct {
	Now    time.Time
	Keep   time.Duration // how long files stay on the target that it no longer needs
	DryRun bool          // find out what would be done, and change nothing
	// Repair trusts nothing that the target says it has: every file is looked at, and replaced if
	// it differs, as is a head that cannot be read.
	Repair bool
	// Checked says that the files to publish have been compared with their entries already.
	Checked bool
	Events  event.Sink
}

// A Report is what was done, or would be.
type Report struct {
	Target    string
	Previous  string // the snapshot that the target showed; "" if none
	Snapshot  string // that it shows now
	Completed string // the snapshot whose publishing somebody else had begun, and this run completed
	UpToDate  bool   // there was nothing to do
	DryRun    bool
	Uploaded  map[tree.Class]Count // over the network
	Copied    map[tree.Class]Count // on the target itself
	Present   Count                // content that an interrupted run had brought there
	Deleted   Count                // what ended
	Ending    Count                // what will, after its time
	Requests  Requests
	Limits    []string // what the target cannot do
}

// A Count is a number of files.
type Count struct {
	Files int
	Bytes int64
}

// Requests are how many requests were made of a target. A batch is one.
type Requests struct{ Get, Stat, Put, Copy, Swap, Delete int }

// Total is the number of all requests.
func (r Requests) Total() int { return r.Get + r.Stat + r.Put + r.Copy + r.Swap + r.Delete }

// Publish brings target to the state next. What was interrupted, by whomever, is completed
// first. The error is a *ConflictError if the target shows a snapshot that next does not follow.
// Whatever it is, readers have the old state or the new one, and the next run completes.
func Publish(ctx context.Context, target Target, next Next, r Request) (Report, error) {
	p := &publication{to: &sender{Target: target}, next: next, Request: r,
		report: Report{Target: target.String(), DryRun: r.DryRun, Limits: target.Limits()}}
	return p.publish(ctx)
}
