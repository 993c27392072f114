package packages

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/build/buildtest"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/internal/output"
	"github.com/slipway-build/slipway/packaging"
)

const dir = "dist/ship-1.4/plain/linux_arm64"

// names returns the names of artifacts, those that were kept in parentheses.
func names(set artifact.Set) string {
	var out []string
	for _, a := range set {
		if a.Kept {
			a.Name = "(" + a.Name + ")"
		}
		out = append(out, a.Name)
	}
	return strings.Join(out, " ")
}

// TestRun makes packages one after the other: what is up to date is kept, whether
// it was asked for or not.
func TestRun(t *testing.T) {
	p := buildtest.Pinned(t, buildtest.Silent)
	var events buildtest.Events
	var wrote []string
	for _, c := range []struct {
		name    string
		asked   []string
		prepare func(t *testing.T, s *build.Session) // may be nil
		set     string
		wrote   string
	}{
		{name: "one", asked: []string{"captain"}, set: "captain", wrote: "captain"},
		{name: "the same", asked: []string{"captain"}, set: "(captain)"},
		{name: "another one", asked: []string{"deckhand"}, set: "deckhand", wrote: "deckhand"},
		{name: "both", set: "(captain) (deckhand)"},
		{
			name: "both, one of them damaged", set: "(captain) deckhand", wrote: "deckhand",
			prepare: func(t *testing.T, s *build.Session) { p.Write(t, dir+"/deckhand.txt", "damaged") },
		},
		{
			name: "without a record", asked: []string{"captain"}, set: "captain", wrote: "captain",
			prepare: func(t *testing.T, s *build.Session) {
				if err := os.Remove(s.Dist().Abs(dir + "/packages.json")); err != nil {
					t.Fatal(err)
				}
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := p.Open(t, &events)
			if c.prepare != nil {
				c.prepare(t, s)
			}
			wrote = nil
			events.Forget()
			set, err := Run(t.Context(), s, plain(&wrote), Request{Packages: c.asked, Platforms: []string{"linux/arm64"}})
			if err != nil || names(set) != c.set || strings.Join(wrote, " ") != c.wrote {
				t.Errorf("%s, written %q, %v, want %s, written %q", names(set), wrote, err, c.set, c.wrote)
			}
			events.CheckSet(t, set)
			last := events.Of(event.Finished)
			if end := last[len(last)-1]; end.Stage != "plain" || end.Kept != (c.wrote == "") || end.Subject != "linux/arm64" {
				t.Errorf("the last stage ended as %+v", end)
			}
			for _, a := range set {
				if hex := strings.TrimPrefix(a.Digest, "sha256:"); !s.Dist().Intact(a.Path, a.Size, hex) {
					t.Errorf("%s is not what the set says", a.Path)
				}
			}
		})
	}
	if got := output.List(p.Path(dir)); !slices.Equal(got, []string{"captain.txt", "packages.json"}) {
		t.Errorf("in the end there is %q: what no record names has to go", got)
	}
}

// TestRunPlatforms makes packages for all Linux platforms of the fork.
func TestRunPlatforms(t *testing.T) {
	var wrote []string
	var events buildtest.Events
	s := buildtest.Pinned(t, buildtest.Silent).Open(t, &events)
	set, err := Run(t.Context(), s, plain(&wrote), Request{Packages: []string{"captain"}, Platforms: []string{"all"}})
	if err != nil {
		t.Fatal(err)
	}
	events.CheckSet(t, set)
	for i, p := range []string{"linux/amd64", "linux/arm64"} {
		if len(set) != 2 || set[i].Platform.String() != p {
			t.Errorf("%v", set)
		}
	}
	if _, err := Run(t.Context(), s, plain(&wrote), Request{Platforms: []string{"darwin/arm64"}}); err == nil {
		t.Error("there are packages for darwin")
	}
}

// TestRunFails checks that packages that are there stay where another one cannot be
// written.
func TestRunFails(t *testing.T) {
	errWrite := errors.New("no more paper")
	var wrote []string
	good := plain(&wrote)
	bad := good
	bad.Write = func(packaging.Package, io.Writer, string) (string, error) { return "", errWrite }
	s := buildtest.Pinned(t, buildtest.Silent).Open(t, nil)
	r := Request{Packages: []string{"captain"}, Platforms: []string{"linux/arm64"}}
	if _, err := Run(t.Context(), s, good, r); err != nil {
		t.Fatal(err)
	}
	r.Packages = nil
	if set, err := Run(t.Context(), s, bad, r); !errors.Is(err, errWrite) || set != nil {
		t.Errorf("%v, %v, want %v", set, err, errWrite)
	}
	wrote = nil
	set, err := Run(t.Context(), s, good, r)
	if err != nil || names(set) != "(captain) deckhand" || !slices.Equal(wrote, []string{"deckhand"}) {
		t.Errorf("then %s, written %q, %v", names(set), wrote, err)
	}
}

// TestUpToDate damages what an earlier run left, in each way that makes a package
// stale.
func TestUpToDate(t *testing.T) {
	var wrote []string
	p := buildtest.Pinned(t, buildtest.Silent)
	s := p.Open(t, nil)
	if _, err := Run(t.Context(), s, plain(&wrote), Request{Platforms: []string{"linux/arm64"}}); err != nil {
		t.Fatal(err)
	}
	plan, err := newPlan(s, plain(&wrote), arm64, nil)
	if err != nil {
		t.Fatal(err)
	}
	in, err := gather(t.Context(), s, plan)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(p.Path(dir + "/packages.json"))
	if err != nil {
		t.Fatal(err)
	}
	var record Record
	if err := json.Unmarshal(data, &record); err != nil || len(record.Packages) != 2 {
		t.Fatalf("%s: %v", data, err)
	}
	if record.Fork != "ship-1.4" || record.Platform != "linux/arm64" || len(record.Binaries) != 2 {
		t.Errorf("packages.json is\n%s", data)
	}
	for name, c := range map[string]struct {
		change func(first *Made)
		record string // in the place of packages.json
		file   string // in the place of the first package
		stage  int    // added to the format's revision
		want   string
	}{
		"nothing changed":     {want: "captain deckhand"},
		"no JSON":             {record: "{"},
		"an unknown package":  {change: func(m *Made) { m.Name = "purser" }, want: "deckhand"},
		"a file elsewhere":    {change: func(m *Made) { m.File = "../linux_arm64/captain.txt" }, want: "deckhand"},
		"other inputs":        {change: func(m *Made) { m.Inputs = "0123" }, want: "deckhand"},
		"another size":        {change: func(m *Made) { m.Size++ }, want: "deckhand"},
		"another sum":         {change: func(m *Made) { m.SHA256 = strings.Repeat("0", 64) }, want: "deckhand"},
		"a damaged file":      {file: "damaged", want: "deckhand"},
		"a newer format":      {stage: 1},
		"the name of another": {change: func(m *Made) { m.Name = "deckhand" }, want: "deckhand"},
	} {
		t.Run(name, func(t *testing.T) {
			plan, record := plan, record
			plan.format.Revision += c.stage
			record.Packages = slices.Clone(record.Packages)
			if c.change != nil {
				c.change(&record.Packages[0])
			}
			text, err := json.Marshal(record)
			if err != nil {
				t.Fatal(err)
			}
			if c.record != "" {
				text = []byte(c.record)
			}
			p.Write(t, dir+"/packages.json", string(text))
			if c.file != "" {
				p.Write(t, dir+"/captain.txt", c.file)
				defer p.Write(t, dir+"/captain.txt", "captain 1.4.1+test.1 linux/arm64\n")
			}
			kept := upToDate(s, plan, in)
			if got := strings.Join(slices.Sorted(maps.Keys(kept)), " "); got != c.want {
				t.Errorf("up to date are %q, want %q", got, c.want)
			}
		})
	}
	if err := os.Remove(p.Path(dir + "/packages.json")); err != nil {
		t.Fatal(err)
	}
	if kept := upToDate(s, plan, in); len(kept) > 0 {
		t.Errorf("without a record, %v are up to date", kept)
	}
}
