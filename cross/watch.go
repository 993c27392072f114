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
			w.total = len(packagesOf(w.graph))
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

// packagesOf returns the import paths of the packages that an action graph
// compiles, nil if it cannot be read. Those that are in the build cache already are
// among them.
func packagesOf(file string) []string {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	var actions []struct{ Mode, Package string }
	if json.Unmarshal(data, &actions) != nil {
		return nil
	}
	var packages []string
	for _, a := range actions {
		if a.Mode == "build" {
			packages = append(packages, a.Package)
		}
	}
	return packages
}
