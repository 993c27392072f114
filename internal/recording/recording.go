// Package recording draws a recording of a terminal as an SVG that moves: in light and dark
// colors, and still for readers who want no motion. It reads asciicast, version 2, as
// asciinema writes it (https://docs.asciinema.org/manual/asciicast/v2/).
package recording

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
)

// A Recording is what was written to a terminal, and when.
type Recording struct {
	Title  string
	Width  int // columns
	Writes []Write
}

// A Write is some text that was written to a terminal.
type Write struct {
	At   float64 // seconds since the beginning
	Text string
}

// Read reads a recording.
func Read(r io.Reader) (Recording, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	var head struct {
		Version, Width int
		Title          string
	}
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &head) != nil || head.Version != 2 || head.Width < 1 {
		return Recording{}, fmt.Errorf("line 1 is not the header of an asciicast, version 2, with its width")
	}
	out := Recording{Title: head.Title, Width: head.Width}
	for n := 2; lines.Scan(); n++ {
		var w Write
		var kind string
		if err := json.Unmarshal(lines.Bytes(), &[]any{&w.At, &kind, &w.Text}); err != nil {
			return out, fmt.Errorf("line %d is not an event of an asciicast: %w", n, err)
		}
		if kind == "o" {
			out.Writes = append(out.Writes, w)
		}
	}
	return out, lines.Err()
}

// At most so long is what is drawn, and the shortest pause that is made shorter for that, in
// seconds. Whoever types pauses less.
const (
	longest = 20.0
	pause   = 0.1
)

// hurried returns the writes in less time, if they take longer than people like to watch.
func hurried(writes []Write) []Write {
	var quick, slow float64
	for i := 1; i < len(writes); i++ {
		if gap := writes[i].At - writes[i-1].At; gap < pause {
			quick += gap
		} else {
			slow += gap
		}
	}
	if quick+slow <= longest || quick >= longest {
		return writes
	}
	out := make([]Write, len(writes))
	copy(out, writes)
	for i := 1; i < len(writes); i++ {
		gap := writes[i].At - writes[i-1].At
		if gap >= pause {
			gap *= (longest - quick) / slow
		}
		out[i].At = out[i-1].At + gap
	}
	return out
}
