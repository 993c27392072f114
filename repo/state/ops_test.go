package state

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func TestNext(t *testing.T) {
	first, err := Snapshot{}.Next(noon, Change{Verb: "add"}, 2)
	if err != nil || first.ID != "20261126T120000.000Z" || first.Parent != "" {
		t.Fatalf("the first snapshot is %+v, %v", first, err)
	}
	second, err := first.Next(noon.Add(7*time.Millisecond), Change{Verb: "resign"}, 2)
	if err != nil || second.ID != "20261126T120001.007Z" || second.Parent != first.ID {
		t.Fatalf("the second snapshot, in the same second, is %+v, %v", second, err)
	}
	if soon, err := second.Next(noon.Add(time.Second), Change{Verb: "resign"}, 2); err != nil ||
		soon.ID != "20261126T120002.000Z" {
		t.Errorf("another in that second is %s, %v", soon.ID, err)
	}
	third, err := second.Next(noon.Add(time.Hour), Change{Verb: "resign"}, 2)
	if want := []string{third.ID, second.ID}; err != nil || !slices.Equal(third.Kept, want) {
		t.Errorf("of three snapshots, %q can be gone back to, want %q, %v", third.Kept, want, err)
	}
	var clock *ClockError
	if _, err := third.Next(noon, Change{}, 2); !errors.As(err, &clock) || !strings.Contains(err.Error(), third.ID) {
		t.Errorf("a clock before the last snapshot: %v, want a ClockError", err)
	}
}

func TestNextSharesNothing(t *testing.T) {
	first := Snapshot{Channels: map[string][]Member{"stable": {{Fork: "ship-1.4", Version: "1.4.1"}}}}
	next, err := first.Next(noon, Change{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	next.Channels["stable"][0].Version = "1.4.2"
	if got := first.Channels["stable"][0].Version; got != "1.4.1" {
		t.Errorf("a change of the next snapshot changed the one before to %s", got)
	}
}

func TestPut(t *testing.T) {
	have := Member{Fork: "ship-1.4", Version: "1.4.1+acme.2", Record: "aa"}
	for name, c := range map[string]struct {
		m     Member
		force bool
		isNew bool
		says  string // of the error; "": there is none
	}{
		"a higher version": {m: Member{Fork: "ship-1.4", Version: "1.4.1+acme.10", Record: "bb"}, isNew: true},
		"another fork":     {m: Member{Fork: "ship-1.3", Version: "1.3.9", Record: "bb"}, isNew: true},
		"the same":         {m: have},
		"the same with other content": {m: Member{Fork: "ship-1.4", Version: "1.4.1+acme.2", Record: "bb"},
			says: "with other content"},
		"the same by force": {m: Member{Fork: "ship-1.4", Version: "1.4.1+acme.2", Record: "bb"}, force: true,
			says: "with other content"},
		"a lower version": {m: Member{Fork: "ship-1.4", Version: "1.4.1+acme.1", Record: "bb"},
			says: "is lower than 1.4.1+acme.2"},
		"a pre-release": {m: Member{Fork: "ship-1.4", Version: "1.4.1-rc.1+acme.3", Record: "bb"},
			says: "is lower than 1.4.1+acme.2"},
		"no revision": {m: Member{Fork: "ship-1.4", Version: "1.4.1", Record: "bb"}, says: "is lower than 1.4.1+acme.2"},
		"a lower version by force": {m: Member{Fork: "ship-1.4", Version: "1.4.1+acme.1", Record: "bb"}, force: true,
			isNew: true},
	} {
		s := Snapshot{Channels: map[string][]Member{"stable": {have}}}
		isNew, err := s.Put("stable", c.m, c.force)
		if isNew != c.isNew || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: Put() = %v, %v; want %v, %q", name, isNew, err, c.isNew, c.says)
		}
		if n := len(s.Channels["stable"]); (n == 2) != c.isNew {
			t.Errorf("%s: the channel has %d releases", name, n)
		}
	}
}

func TestTrim(t *testing.T) {
	s := Snapshot{Channels: map[string][]Member{"stable": {
		{Fork: "mate-2.0", Version: "2.0.0"}, {Fork: "ship-1.4", Version: "1.4.1"}, {Fork: "ship-1.4", Version: "1.4.2"},
		{Fork: "ship-1.4", Version: "1.4.3"},
	}}}
	s.Trim(0)
	if n := len(s.Channels["stable"]); n != 4 {
		t.Errorf("without a limit, %d of 4 releases stay", n)
	}
	s.Trim(2)
	var left []string
	for _, m := range s.Channels["stable"] {
		left = append(left, m.Version)
	}
	if want := []string{"2.0.0", "1.4.2", "1.4.3"}; !slices.Equal(left, want) {
		t.Errorf("of two versions a fork, %q stay, want %q", left, want)
	}
}

func TestPromote(t *testing.T) {
	ship, mate := Member{Fork: "ship-1.4", Version: "1.4.1"}, Member{Fork: "mate-2.0", Version: "2.0.0"}
	for name, c := range map[string]struct {
		fork string
		want []Member
	}{
		"all":      {"", []Member{mate, ship}},
		"one fork": {"ship-1.4", []Member{ship}},
	} {
		s := Snapshot{Channels: map[string][]Member{"candidate": {mate, ship}}}
		moved, err := s.Promote("candidate", "stable", c.fork)
		if err != nil || !slices.Equal(moved, c.want) || !slices.Equal(s.Channels["stable"], c.want) {
			t.Errorf("%s: Promote() = %v, %v, and stable has %v; want %v", name, moved, err, s.Channels["stable"], c.want)
		}
		if moved, err = s.Promote("candidate", "stable", c.fork); err != nil || len(moved) != 0 {
			t.Errorf("%s: promoted again: %v, %v", name, moved, err)
		}
	}
}

func TestRecordRoundTrip(t *testing.T) {
	r := Record{Schema: Schema, Suites: []string{"ship-1.4"},
		Overlay: map[string][]byte{"profiles/repo_name": []byte("acme\n")}}
	data, sum, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeRecord(data, sum)
	if err != nil || string(got.Overlay["profiles/repo_name"]) != "acme\n" {
		t.Errorf("read again, it is %+v, %v", got, err)
	}
	for name, bad := range map[string][]byte{
		"truncated": data[:len(data)-9], "empty": nil, "flipped": append(slices.Clone(data[:40]),
			append([]byte{data[40] ^ 1}, data[41:]...)...),
	} {
		if _, err := DecodeRecord(bad, sum); err == nil || !strings.Contains(err.Error(), RecordPath(sum)) {
			t.Errorf("%s: %v, want an error with the file's name", name, err)
		}
	}
	if _, err := DecodeRecord(data, strings.Repeat("0", 64)); err == nil {
		t.Error("a record under another name was taken")
	}
}
