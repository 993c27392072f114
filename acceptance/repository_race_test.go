//go:build acceptance && linux

package acceptance

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/slipway-build/slipway"
	"github.com/slipway-build/slipway/internal/repotest"
	"github.com/slipway-build/slipway/repo/publish"
)

// races has two publish at once what they made of the same state. One wins; the other is told,
// and adds its own change to that.
func (f *fleet) races(t *testing.T) {
	base := f.keeper(t, "https://packages.example.org", "snapshots: 3")
	base.add(f.releases[0])
	for name, kind := range kinds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := kind.open(t)
			for i := range 2 {
				f.race(t, base.copy(t, at.env...), at, fmt.Sprintf("repo-race-%d", i))
			}
		})
	}
}

func (f *fleet) race(t *testing.T, base *keeper, at place, name string) {
	base.publish(at.url(name))
	both := []*keeper{base, base.copy(t)}
	both[0].add(f.releases[1])
	both[1].now = both[1].now.Add(time.Minute) // a snapshot's ID is its time
	both[1].promote()
	var errs [2]error
	var all sync.WaitGroup
	for i, k := range both {
		all.Go(func() { _, errs[i] = k.Repo().Publish(t.Context(), at.url(name), slipway.RepoRequest{}) })
	}
	all.Wait()
	loser := both[0]
	if errs[0] == nil {
		loser = both[1]
	}
	conflict := (*publish.ConflictError)(nil)
	if err := errors.Join(errs[:]...); !errors.As(err, &conflict) || (errs[0] == nil) == (errs[1] == nil) {
		t.Fatalf("one is to be told of the other: %v, %v", errs[0], errs[1])
	}
	loser.now = loser.now.Add(step)
	if _, err := loser.Repo().Rebase(t.Context(), at.url(name), loser.by); err != nil {
		t.Fatal(err)
	}
	loser.publish(at.url(name))
	has, err := loser.Repo().Status(t.Context())
	if err != nil || len(has.Channels["candidate"]) != 2 || len(has.Channels["stable"]) != 1 {
		t.Errorf("then there is %v, %v", has.Channels, err)
	}
	report, err := repotest.Read(t.Context(), at.web(t, name), shipSuites, 12, f.verify)
	if err != nil || len(report.Broken) > 0 {
		t.Errorf("%v\n%.2000s", err, report)
	}
}
