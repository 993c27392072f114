package publish_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/publish/publishtest"
	"github.com/slipway-build/slipway/repo/tree"
)

// published returns objects that show a snapshot.
func published(t *testing.T, snapshots ...publish.Next) *objects {
	t.Helper()
	o := newObjects()
	for i, n := range snapshots {
		if _, err := publishtest.Publish(t, &memory{objects: o}, n, i+1); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

func replaced(path, data string) func(publishtest.Objects) {
	return func(o publishtest.Objects) { o[path] = []byte(data) }
}

func removed(path string) func(publishtest.Objects) {
	return func(o publishtest.Objects) { delete(o, path) }
}

// TestDamage publishes where somebody changed the repository by hand, or its state is damaged. It
// is refused, nothing is changed, and a repair makes it whole.
func TestDamage(t *testing.T) {
	one, two, _, _ := publishtest.Voyage(t)
	listing := publish.ListingFile(one.Snapshot.Tree)
	for name, c := range map[string]struct {
		damage func(o publishtest.Objects)
		want   string
	}{
		"a truncated head":  {replaced(publish.HeadFile, `{"schema":1,"snap`), "state/head.json is damaged"},
		"a head of nothing": {replaced(publish.HeadFile, `{"schema":1}`), "state/head.json is damaged"},
		"a later schema":    {replaced(publish.HeadFile, `{"schema":2}`), "its schema is 2"},
		"no description":    {removed(publish.SnapshotFile(one.Snapshot.ID)), ".json is damaged"},
		"a head of nobody":  {replaced(publish.HeadFile, `{"schema":1,"snapshot":"20201126T000000Z"}`), ".json is damaged"},
		"no listing":        {removed(listing), listing + " is damaged"},
		"a damaged listing": {replaced(listing, "x"), listing + " is damaged"},
		"a changed commit":  {replaced("index.json", "mine"), "somebody else changed index.json"},
		"a commit removed":  {removed("index.json"), "somebody else changed index.json"},
		"foreign content":   {replaced("apt/pool/1.4.2/ship.deb", "x"), "ship.deb is there with other content"},
		"a foreign commit":  {replaced("apt/dists/ship-1.6/InRelease", "x"), "was not published by this repository"},
	} {
		t.Run(name, func(t *testing.T) {
			o := published(t, one)
			c.damage(o.at)
			before := maps.Clone(o.at)
			_, err := publishtest.Publish(t, &memory{objects: o}, two, 2)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "-force") {
				t.Errorf("the error is %v, want %q", err, c.want)
			}
			if !maps.EqualFunc(before, o.at, func(a, b []byte) bool { return string(a) == string(b) }) {
				t.Error("something was changed")
			}
			repair := publish.Request{Now: publishtest.At(2), Keep: publishtest.Keep, Repair: true}
			if _, err := publish.Publish(t.Context(), &memory{objects: o}, two, repair); err != nil {
				t.Fatal(err)
			}
			o.at.Shows(t, "after the repair", &memory{objects: o}, two)
		})
	}
}

// TestOtherContent publishes a file again with other content.
func TestOtherContent(t *testing.T) {
	one, _, _, _ := publishtest.Voyage(t)
	o := published(t, one)
	files := slices.Clone(one.Files)
	files = slices.DeleteFunc(files, func(f tree.File) bool {
		return strings.HasPrefix(f.Path, "state/") || strings.Contains(f.Path, "key")
	})
	files = append(files, tree.Of(tree.Content, "apt/pool/key.deb", []byte("another key")))
	s := one.Snapshot
	s.ID = "20270101T000000.000Z"
	next, err := publish.Seal(s, []string{one.Snapshot.ID}, files)
	if err != nil {
		t.Fatal(err)
	}
	_, err = publishtest.Publish(t, &memory{objects: o}, next, 2)
	if err == nil || !strings.Contains(err.Error(), "apt/pool/key.deb is published with") {
		t.Errorf("the error is %v", err)
	}
}

func TestConflict(t *testing.T) {
	one, two, three, _ := publishtest.Voyage(t)
	o := published(t, one, two, three)
	var conflict *publish.ConflictError
	_, err := publishtest.Publish(t, &memory{objects: o}, two, 4)
	if !errors.As(err, &conflict) || conflict.Snapshot != three.Snapshot.ID {
		t.Errorf("an older snapshot was published: %v", err)
	}
}

func TestDryRun(t *testing.T) {
	one, two, _, four := publishtest.Voyage(t)
	o := published(t, one, two)
	before := maps.Clone(o.at)
	r := publish.Request{Now: publishtest.At(9), Keep: publishtest.Keep, DryRun: true}
	would, err := publish.Publish(t.Context(), &memory{objects: o}, four, r)
	if err != nil || len(before) != len(o.at) {
		t.Fatalf("%v, %d objects were %d", err, len(o.at), len(before))
	}
	if n := would.Requests; n.Put+n.Copy+n.Swap+n.Delete > 0 {
		t.Errorf("the requests are %+v", n)
	}
	did, err := publishtest.Publish(t, &memory{objects: o}, four, 9)
	if err != nil {
		t.Fatal(err)
	}
	for class, n := range did.Uploaded {
		if would.Uploaded[class] != n || would.Copied[class] != did.Copied[class] {
			t.Errorf("%s: %+v and %+v would be sent, and were %+v and %+v", class, would.Uploaded[class],
				would.Copied[class], n, did.Copied[class])
		}
	}
	if would.Ending != did.Ending || did.Ending.Files == 0 {
		t.Errorf("%+v would end, and %+v did", would.Ending, did.Ending)
	}
}

// TestRequests publishes the same change to a small repository and to a large one.
func TestRequests(t *testing.T) {
	requests := func(others int) publish.Requests {
		fleet := publishtest.Fleet{"ship-1.4": {"1.4.1"}}
		for i := range others {
			fleet["mate-"+strings.Repeat("i", i)] = []string{"1.0." + strings.Repeat("1", i+1)}
		}
		one := publishtest.Snapshot(t, 1, fleet)
		fleet["ship-1.4"] = []string{"1.4.1", "1.4.2"}
		two := publishtest.Snapshot(t, 2, fleet, one)
		o := published(t, one)
		report, err := publishtest.Publish(t, &memory{objects: o}, two, 2)
		if err != nil {
			t.Fatal(err)
		}
		return report.Requests
	}
	if small, large := requests(0), requests(100); small != large {
		t.Errorf("in a small repository, a change takes %+v, in a large one %+v", small, large)
	}
}

// TestSeal makes states that could not be published.
func TestSeal(t *testing.T) {
	deb := tree.Of(tree.Content, "ship.deb", []byte("ship"))
	one, _, _, _ := publishtest.Voyage(t)
	for want, files := range map[string][]tree.File{
		"is to be a copy of ship.deb":           {tree.AliasOf(tree.Index, "Packages", deb)},
		"state/head.json cannot be":             {tree.Of(tree.Content, publish.HeadFile, nil)},
		"\"../x\" is not a path":                {tree.Of(tree.Content, "../x", nil)},
		"nothing here has its content":          {{Entry: tree.Of(tree.Commit, "index.json", nil).Entry}},
		"would be two files with other content": {deb, tree.Of(tree.Content, "ship.deb", []byte("boat"))},
	} {
		if _, err := publish.Seal(one.Snapshot, nil, files); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
	s := one.Snapshot
	s.ID = "yesterday"
	_, err := publish.Seal(s, nil, nil)
	if err == nil || !strings.Contains(err.Error(), "the ID of a snapshot is a time") {
		t.Errorf("the error is %v", err)
	}
}
