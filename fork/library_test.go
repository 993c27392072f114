package fork

import (
	"strings"
	"testing"

	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/patches/library"
	"github.com/slipway-build/slipway/source"
	"github.com/slipway-build/slipway/spec"
	"github.com/slipway-build/slipway/version"
)

// sharing returns the fork of a project that the library has a series for, at the oldest version of
// its last row, and the name of its first patch.
func sharing(t *testing.T) (f Fork, name string) {
	t.Helper()
	all, err := library.All()
	if err != nil {
		t.Fatal(err)
	}
	s := all[0]
	f = wholeFork()
	f.Profile, f.Carried = s.Profile, []spec.Carried{{Library: s.Name}}
	oldest, _, _ := strings.Cut(strings.TrimPrefix(string(s.Rows[len(s.Rows)-1].Versions), ">="), "-0")
	if f.Parsed, err = version.Parse(oldest); err != nil {
		t.Fatal(err)
	}
	f.Version = oldest
	f.Upstream = source.Upstream{Module: "example.org/ship@v" + oldest}
	file := s.Rows[0].Patches[0]
	return f, s.Name + file[strings.LastIndex(file, "/"):]
}

func TestShared(t *testing.T) {
	f, name := sharing(t)
	list, err := f.Shared()
	if err != nil || len(list) == 0 || list[0].Name != name {
		t.Fatalf("Shared() = %v, %v, want %s first", list, err, name)
	}
	if f.CarriesCommits() {
		t.Error("a series of the library is taken for commits")
	}
	f.Carried = append(f.Carried, spec.Carried{Carry: source.Carry{Git: "../mate"}}, spec.Carried{Library: "slipway:none"})
	_, err = f.Shared()
	const want = `fork.yaml: patches[2]: unknown series "slipway:none": `
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("Shared() = %v, want %s", err, want)
	}
	if !f.CarriesCommits() {
		t.Error("the commits are passed over")
	}
}

// TestSharedOnAnotherUpstream has a version that the library has nothing for.
func TestSharedOnAnotherUpstream(t *testing.T) {
	f, _ := sharing(t)
	if _, err := f.On(f.Upstream); err != nil {
		t.Errorf("where it is: %v", err)
	}
	_, err := f.On(source.Upstream{Module: "example.org/ship@v99.0.0"})
	if err == nil || !strings.Contains(err.Error(), "patches[0]: "+f.Carried[0].Library+" has no patches for ") {
		t.Errorf("On() = %v", err)
	}
}

// TestCheckShared compares patches of the library with their pins.
func TestCheckShared(t *testing.T) {
	f, name := sharing(t)
	shared, err := f.Shared()
	if err != nil {
		t.Fatal(err)
	}
	pins := append(Pins(shared), Pins(f.Series)...)
	changed := append([]lock.Patch{}, pins...)
	changed[0].SHA256 = sha256A
	for what, c := range map[string]struct {
		pins []lock.Patch
		want string
	}{
		"as pinned":       {pins, ""},
		"a newer Slipway": {changed, name + " is not the patch that forks/ship/fork.lock:9 pins: this Slipway has another\n"},
		"not pinned":      {pins[len(shared):], name + " is in the series, but forks/ship/fork.lock does not pin it"},
	} {
		l := wholeLock()
		l.Carried, l.Patches = f.Ranges(), c.pins
		if got := lines(f.checkSeries(l)); !strings.HasPrefix(got, c.want) || got != "" && c.want == "" {
			t.Errorf("%s: the faults are\n%s\nwant\n%s", what, got, c.want)
		}
	}
}

// TestCommitOfShared has a branch whose tree is not what is built: the library adds to it.
func TestCommitOfShared(t *testing.T) {
	f, _ := sharing(t)
	f.Build.CommitOf, f.Series = "fork", nil
	if _, _, err := f.Commit(""); err == nil || !strings.Contains(err.Error(), "the fork carries no commits") {
		t.Errorf("without commits: %v", err)
	}
	f.Carried = append(f.Carried, ranges("../mate", commitA+".."+commitB)...)
	want := "patches[0], " + f.Carried[0].Library + ", is not of the branch"
	if _, _, err := f.Commit(""); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the error is %v, want %s", err, want)
	}
}
