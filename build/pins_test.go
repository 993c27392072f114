package build_test

import (
	"os"
	"testing"

	"github.com/slipway-build/slipway/build/buildtest"
	"github.com/slipway-build/slipway/event"
)

// TestPlacePins has a lock written once, and once more where it has changed.
func TestPlacePins(t *testing.T) {
	p := buildtest.Pinned(t, nil)
	var events buildtest.Events
	s := p.Open(t, &events)
	for _, c := range []struct {
		pins map[string]int
		kept bool
	}{{map[string]int{"bread": 2}, false}, {map[string]int{"bread": 2}, true}, {map[string]int{"bread": 3}, false}} {
		events.Forget()
		set, err := s.PlacePins("base.lock", c.pins, "the bread")
		if err != nil {
			t.Fatal(err)
		}
		if len(set) != 1 || set[0].Kept != c.kept || (len(events.Of(event.Note)) == 0) != c.kept {
			t.Errorf("%v: got %+v, noted %v, want kept: %v", c.pins, set, events.Of(event.Note), c.kept)
		}
		got := map[string]int{}
		if _, err := s.Fork().ReadPins("base.lock", &got); err != nil || got["bread"] != c.pins["bread"] {
			t.Errorf("%v: the lock has %v, %v", c.pins, got, err)
		}
	}
	data, err := os.ReadFile(p.Path("forks/" + buildtest.ID + "/base.lock"))
	if want := "{\n  \"bread\": 3\n}\n"; err != nil || string(data) != want {
		t.Errorf("base.lock is %q, %v, want %q", data, err, want)
	}
}
