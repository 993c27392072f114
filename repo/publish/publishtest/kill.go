package publishtest

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/slipway-build/slipway/repo/publish"
)

// A Kill is a publisher that is killed again and again, each time a step later.
type Kill struct {
	Times  int
	Step   time.Duration
	Target publish.Target
	Held   func() Objects
	// Child is the environment of a process that runs the test named TestChild of this package,
	// which publishes the second snapshot of Voyage to the target.
	Child []string
}

// Run, each time, resets the target to nothing, shows the first snapshot and has a child publish
// the second, until it is killed. Readers find the old state or the new one, and the next run
// completes.
func (k Kill) Run(t *testing.T, reset func()) {
	one, two, _, _ := Voyage(t)
	for i := range k.Times {
		reset()
		if _, err := Publish(t, k.Target, one, 1); err != nil {
			t.Fatal(err)
		}
		after := time.Duration(i) * k.Step
		k.kill(t, after)
		name := "killed after " + after.String()
		k.Held().Read(t, name, one, two)
		k.Held().Has(t, name, one)
		if _, err := Publish(t, k.Target, two, 2); err != nil {
			t.Fatalf("after it was %s: %v", name, err)
		}
		k.Held().ShowsAlone(t, name, k.Target, two)
		if t.Failed() {
			return
		}
	}
}

// kill starts a child and kills it after some time, or lets it end.
func (k Kill) kill(t *testing.T, after time.Duration) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	child, err := os.StartProcess(os.Args[0], []string{os.Args[0], "-test.run=^TestChild$"},
		&os.ProcAttr{Env: k.Child, Files: []*os.File{nil, log, log}})
	if err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = child.Kill() })
	defer timer.Stop()
	ended, err := child.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if ended.Exited() && !ended.Success() {
		said, _ := os.ReadFile(log.Name())
		t.Fatalf("the publisher ended by itself, with an error:\n%s", said)
	}
}
