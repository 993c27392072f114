package cross

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
)

// A watcher reads what go build -v writes: the import path of each package
// that it compiles, what it downloads, and complaints.
type watcher struct {
	graph string // file that the go command writes its actions to before the first package
	emit  func(done, total int)

	rest        []byte
	done, total int
	complaint   []string
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
	case s == "" || strings.ContainsAny(s, " \t:#"):
		w.complaint = append(w.complaint, s)
	default:
		if w.total == 0 {
			w.total = countPackages(w.graph)
		}
		w.done++
		w.emit(w.done, max(w.total, w.done))
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

// countPackages returns how many packages an action graph compiles, 0 if it
// cannot be read.
func countPackages(file string) int {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	var actions []struct{ Mode string }
	if json.Unmarshal(data, &actions) != nil {
		return 0
	}
	n := 0
	for _, a := range actions {
		if a.Mode == "build" {
			n++
		}
	}
	return n
}
