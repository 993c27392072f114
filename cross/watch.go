package cross

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
)

// A watcher reads what go build -v writes: the import path of each package
// that it compiles, what it downloads, and complaints.
type watcher struct {
	graph    string // file that the go command writes its actions to before the first package
	emit     func(done, total int)
	download func(n int) // is told of each module that is downloaded; may be nil

	rest      []byte
	position  *position
	downloads int
	complaint []string
}

func (w *watcher) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	for {
		line, rest, ok := bytes.Cut(w.rest, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		w.line(string(line))
		w.rest = rest
	}
}

func (w *watcher) line(s string) {
	switch {
	case strings.HasPrefix(s, "go: downloading "):
		if w.downloads++; w.download != nil {
			w.download(w.downloads)
		}
	case s == "" || strings.ContainsAny(s, " \t:#"):
		w.complaint = append(w.complaint, s)
	default:
		if w.position == nil {
			w.position = newPosition(packagesOf(w.graph))
		}
		w.emit(w.position.compiles(s))
	}
}

// maxComplaints is how many lines of a failed build are shown: the first
// errors matter, the rest mostly follows from them.
const maxComplaints = 40

func (w *watcher) complaints() string {
	lines := w.complaint
	if len(w.rest) > 0 {
		lines = append(lines, string(w.rest))
	}
	if len(lines) > maxComplaints {
		lines = append(lines[:maxComplaints:maxComplaints], "…")
	}
	return strings.Join(lines, "\n")
}

// packagesOf returns the import paths of the packages that an action graph
// compiles, in the order in which the go command begins with those that it can, nil if it
// cannot be read. Those that are in the build cache already are among them.
func packagesOf(file string) []string {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	type action struct {
		Mode, Package string
		Priority      int
	}
	var actions []action
	if json.Unmarshal(data, &actions) != nil {
		return nil
	}
	slices.SortStableFunc(actions, func(a, b action) int { return a.Priority - b.Priority })
	var packages []string
	for _, a := range actions {
		if a.Mode == "build" {
			packages = append(packages, a.Package)
		}
	}
	return packages
}
