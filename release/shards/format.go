package shards

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/near"
)

// formats are what Format can write.
func formats() []string { return []string{"github", "gitlab", "tekton", "json"} }

// most is how many jobs a CI system makes of one matrix. Sources: GitHub's "Workflow
// syntax", jobs.<id>.strategy.matrix; GitLab's "CI/CD YAML syntax", parallel:matrix;
// Tekton's default-max-matrix-combinations-count.
var most = map[string]int{"github": 256, "gitlab": 200, "tekton": 256}

// An entry is a job as formats show it.
type entry struct {
	Name     string `json:"name"`
	Shards   string `json:"shards"`   // the argument of release:shard
	Fork     string `json:"fork"`     // or several, with commas between them
	Platform string `json:"platform"` // or several, with commas between them
	Seconds  int    `json:"seconds"`
	Guessed  bool   `json:"guessed,omitempty"`
}

// Format returns jobs as a CI system takes them:
//
//   - github: a line matrix={"include":[…]} for $GITHUB_OUTPUT, which fromJSON reads.
//   - gitlab: the job "shard" of a child pipeline, with parallel:matrix.
//   - tekton: a JSON array of strings, the value of a result.
//   - json: everything that is known of the jobs.
func Format(jobs []Job, format string) ([]byte, error) {
	if !slices.Contains(formats(), format) {
		return nil, near.Unknown(format, formats(), "unknown format %q: want one of %s", format,
			strings.Join(formats(), ", "))
	}
	if limit := most[format]; limit > 0 && len(jobs) > limit {
		return nil, fmt.Errorf("%d jobs: a matrix of this system has at most %d\n"+
			"  To have a job make several shards: -max=%[2]d", len(jobs), limit)
	}
	var entries []entry
	for _, j := range jobs {
		entries = append(entries, j.entry())
	}
	switch format {
	case "github":
		data, err := encode(map[string]any{"include": entries})
		return append([]byte("matrix="), data...), err
	case "gitlab":
		return gitlab(entries), nil
	case "tekton":
		var arguments []string
		for _, e := range entries {
			arguments = append(arguments, e.Shards)
		}
		return encode(arguments)
	}
	return encode(map[string]any{"jobs": entries})
}

func (j Job) entry() entry {
	e := entry{Name: j.Name, Shards: strings.Join(names(j.Shards), ","), Seconds: j.Seconds, Guessed: j.Guessed}
	var forks, platforms []string
	for _, s := range j.Shards {
		forks, platforms = append(forks, s.Fork), append(platforms, s.Platform.String())
	}
	slices.Sort(forks)
	slices.Sort(platforms)
	e.Fork, e.Platform = strings.Join(slices.Compact(forks), ","), strings.Join(slices.Compact(platforms), ",")
	return e
}

// encode returns a value as JSON in one line.
func encode(value any) ([]byte, error) {
	data, err := json.Marshal(value)
	return append(data, '\n'), err
}

// gitlab returns the job of a child pipeline. What it does is in the job .shard, which
// the pipeline has beside it.
func gitlab(entries []entry) []byte {
	var b bytes.Buffer
	b.WriteString("shard:\n  extends: .shard\n  parallel:\n    matrix:\n")
	for _, e := range entries {
		fmt.Fprintf(&b, "      - NAME: %q\n        SHARDS: %q\n", e.Name, e.Shards)
	}
	return b.Bytes()
}
