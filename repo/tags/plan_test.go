package tags

import (
	"fmt"
	"strings"
	"testing"
)

// want returns what a tag of the captain's image is to name.
func want(tag, digest string) Want {
	return Want{
		Repository: "registry.example.org/team/captain", Tag: tag, Digest: digest, Fork: "ship-1.4", Version: "1.4.1",
	}
}

// lines returns moves as a table has them.
func lines(moves []Move) string {
	var out []string
	for _, m := range moves {
		out = append(out, fmt.Sprintf("%s: %s -> %s", m.Tag, m.From, m.Digest))
	}
	return strings.Join(out, "\n")
}

func TestPlan(t *testing.T) {
	const captain = "registry.example.org/team/captain:"
	for name, c := range map[string]struct {
		wants []Want
		have  map[string]string
		want  string // the moves
		fault string
	}{
		"nothing is wanted": {},
		"a new tag":         {wants: []Want{want("stable-1.4", "sha256:a")}, want: "stable-1.4:  -> sha256:a"},
		"a tag that moves": {
			wants: []Want{want("stable-1.4", "sha256:b")}, have: map[string]string{captain + "stable-1.4": "sha256:a"},
			want: "stable-1.4: sha256:a -> sha256:b",
		},
		"it does already": {
			wants: []Want{want("stable-1.4", "sha256:b")}, have: map[string]string{captain + "stable-1.4": "sha256:b"},
		},
		"sorted": {
			wants: []Want{want("stable-1.4", "sha256:b"), want("candidate-1.4", "sha256:c")},
			want:  "candidate-1.4:  -> sha256:c\nstable-1.4:  -> sha256:b",
		},
		"no longer wanted": {
			wants: []Want{want("candidate-1.4", "")}, have: map[string]string{captain + "candidate-1.4": "sha256:c"},
			want: "candidate-1.4: sha256:c -> ",
		},
		"no longer wanted, nor there": {wants: []Want{want("candidate-1.4", "")}},
		"a version that is not there": {
			wants: []Want{want("v1.4.1_acme.1", "sha256:a")},
			want:  "v1.4.1_acme.1:  -> sha256:a",
		},
		"a version that names the digest": {
			wants: []Want{want("v1.4.1", "sha256:a")},
			have:  map[string]string{captain + "v1.4.1": "sha256:a"},
		},
		"a version that names another": {
			wants: []Want{want("stable-1.4", "sha256:b"), want("v1.4.1_acme.1", "sha256:b")},
			have:  map[string]string{captain + "v1.4.1_acme.1": "sha256:a"},
			fault: captain + "v1.4.1_acme.1 is the tag of a version and names sha256:a: it is never moved to sha256:b",
		},
		"a version that is to go": {
			wants: []Want{want("1.4.1-debug", "")}, have: map[string]string{captain + "1.4.1-debug": "sha256:a"},
			fault: "it is never moved to nothing",
		},
		"what is no version": {
			wants: []Want{want("v1.4", "sha256:b")}, have: map[string]string{captain + "v1.4": "sha256:a"},
			want: "v1.4: sha256:a -> sha256:b",
		},
	} {
		t.Run(name, func(t *testing.T) {
			moves, err := Plan(c.wants, c.have)
			if (err == nil) != (c.fault == "") || err != nil && (!strings.Contains(err.Error(), c.fault) || moves != nil) {
				t.Errorf("%v, %v, want the error %q", moves, err, c.fault)
			}
			if got := lines(moves); got != c.want {
				t.Errorf("the moves are\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestBetween(t *testing.T) {
	shown := []Want{want("stable-1.4", "sha256:a"), want("candidate-1.4", "sha256:b")}
	next := []Want{want("stable-1.4", "sha256:b"), want("stable-1.5", "sha256:c")}
	for name, c := range map[string]struct {
		shown, next []Want
		want        string
	}{
		"on":      {shown, next, "candidate-1.4= stable-1.4=sha256:b stable-1.5=sha256:c"},
		"back":    {next, shown, "candidate-1.4=sha256:b stable-1.4=sha256:a stable-1.5="},
		"first":   {nil, shown, "candidate-1.4=sha256:b stable-1.4=sha256:a"},
		"nothing": {},
	} {
		var got []string
		for _, w := range Between(c.shown, c.next) {
			got = append(got, w.Tag+"="+w.Digest)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
