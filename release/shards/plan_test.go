package shards

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/golden"
	"github.com/slipway-build/slipway/platform"
)

// run returns the timeline of a run: a word for each stage, as cross=linux/arm64:90
// for 90 seconds; one that ends in a dash was kept, one that ends in ! failed.
func run(words ...string) artifact.Timeline {
	var t artifact.Timeline
	for _, w := range words {
		stage, rest, _ := strings.Cut(w, "=")
		subject, seconds, _ := strings.Cut(rest, ":")
		s := artifact.Span{
			Stage: stage, Subject: subject, Kept: strings.HasSuffix(w, "-"), Failed: strings.HasSuffix(w, "!"), Start: 500,
		}
		var n int64
		fmt.Sscan(strings.TrimRight(seconds, "-!"), &n)
		s.End = s.Start + 1000*n
		t.Spans = append(t.Spans, s)
	}
	return t
}

func TestPlan(t *testing.T) {
	both := []platform.Platform{amd64, arm64}
	for name, c := range map[string]struct {
		forks []Fork
		limit int
		want  []string // NAME: SHARDS SECONDS, ~ in front of those that are guessed
		fault string
	}{
		"nothing":         {fault: "there are no shards"},
		"none for a fork": {forks: []Fork{{ID: "ship"}}, fault: "there are no shards"},
		"less than none":  {forks: []Fork{{ID: "ship", Platforms: both}}, limit: -1, fault: "at most -1 jobs"},
		"no name":         {forks: []Fork{{ID: "a b", Platforms: both}}, fault: "forks/a b: rename"},
		"nothing recorded": {forks: []Fork{{ID: "ship", Platforms: both}},
			want: []string{"ship.linux-amd64: ship.linux-amd64 ~600", "ship.linux-arm64: ship.linux-arm64 ~600"}},
		"longest first": {
			forks: []Fork{{ID: "ship", Platforms: both, Timeline: run("cross=linux/amd64:10", "cross=linux/arm64:90",
				"deb=linux/arm64:5",
				"rpm=linux/amd64:3", "source=:40", "image=linux/amd64:500")}},
			want: []string{"ship.linux-arm64: ship.linux-arm64 95", "ship.linux-amd64: ship.linux-amd64 13"},
		},
		"what was kept or failed tells nothing": {
			forks: []Fork{{ID: "ship", Platforms: []platform.Platform{amd64, arm64, mac}, Timeline: run("cross=linux/amd64:1-",
				"deb=linux/amd64:30", "cross=linux/arm64:2!", "cross=darwin/arm64:70")}},
			want: []string{"ship.darwin-arm64: ship.darwin-arm64 70", "ship.linux-amd64: ship.linux-amd64 ~70",
				"ship.linux-arm64: ship.linux-arm64 ~70"},
		},
		"the average of the others": {
			forks: []Fork{
				{ID: "boat", Platforms: both},
				{ID: "ship", Platforms: both, Timeline: run("cross=linux/amd64:100", "cross=linux/arm64:300")},
			},
			want: []string{"ship.linux-arm64: ship.linux-arm64 300", "boat.linux-amd64: boat.linux-amd64 ~200",
				"boat.linux-arm64: boat.linux-arm64 ~200", "ship.linux-amd64: ship.linux-amd64 100"},
		},
		"at most two jobs": {
			forks: []Fork{
				{ID: "boat", Platforms: both, Timeline: run("cross=linux/amd64:40", "cross=linux/arm64:50")},
				{ID: "ship", Platforms: []platform.Platform{amd64, arm64, mac},
					Timeline: run("cross=linux/amd64:70", "cross=linux/arm64:60", "cross=darwin/arm64:20")},
			},
			limit: 2,
			want: []string{
				"ship.linux-amd64-and-2-more: ship.linux-amd64 boat.linux-amd64 ship.darwin-arm64 130",
				"ship.linux-arm64-and-1-more: ship.linux-arm64 boat.linux-arm64 110",
			},
		},
		"no time at all": {
			forks: []Fork{{ID: "ship", Platforms: both, Timeline: run("cross=linux/amd64:0", "cross=linux/arm64:1")}},
			want:  []string{"ship.linux-arm64: ship.linux-arm64 1", "ship.linux-amd64: ship.linux-amd64 0"},
		},
		"more jobs than shards": {forks: []Fork{{ID: "ship", Platforms: both[:1]}}, limit: 8,
			want: []string{"ship.linux-amd64: ship.linux-amd64 ~600"}},
	} {
		t.Run(name, func(t *testing.T) {
			jobs, err := Plan(c.forks, c.limit)
			says(t, err, c.fault)
			var got []string
			for _, j := range jobs {
				seconds := fmt.Sprint(j.Seconds)
				if j.Guessed {
					seconds = "~" + seconds
				}
				got = append(got, fmt.Sprintf("%s: %s %s", j.Name, strings.Join(names(j.Shards), " "), seconds))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("the jobs are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestFormat(t *testing.T) {
	jobs := []Job{
		{Name: "ship.linux-arm64-and-1-more", Shards: []Shard{{"ship", arm64}, {"boat", amd64}}, Seconds: 95},
		{Name: "ship.linux-amd64", Shards: []Shard{{"ship", amd64}}, Seconds: 13, Guessed: true},
	}
	for _, format := range formats() {
		got, err := Format(jobs, format)
		if err != nil {
			t.Error(err)
		}
		golden.Check(t, "testdata/matrix."+format, got)
	}
	_, err := Format(jobs, "jenkins")
	says(t, err, `unknown format "jenkins": want one of github, gitlab, tekton, json`)
	many := slices.Repeat(jobs[1:], 201)
	for format, want := range map[string]string{
		"gitlab": "201 jobs: a matrix of this system has at most 200\n  To have a job make several shards: -max=200",
		"github": "", "tekton": "", "json": "",
	} {
		_, err := Format(many, format)
		says(t, err, want)
	}
}
