package recording

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/golden"
)

func TestRead(t *testing.T) {
	got, err := Read(strings.NewReader(`{"version": 2, "width": 80, "height": 24, "title": "ship"}
[0.5, "o", "$ mage cross\r\n"]
[0.7, "i", "q"]
[1, "o", "captain"]
`))
	want := `{ship 80 [{0.5 $ mage cross` + "\r\n" + `} {1 captain}]}`
	if s := fmt.Sprint(got); err != nil || s != want {
		t.Errorf("it reads %q (%v), want %q", s, err, want)
	}
	for text, want := range map[string]string{
		"":                               "line 1 is not the header",
		`{"version": 3, "width": 80}`:    "line 1 is not the header",
		`{"version": 2}`:                 "line 1 is not the header",
		"{\"version\":2,\"width\":9}\nx": "line 2 is not an event",
	} {
		if _, err := Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("of %q, the error is %v, want %q", text, err, want)
		}
	}
}

func TestHurried(t *testing.T) {
	for name, c := range map[string]struct{ times, want []float64 }{
		"nothing":        {nil, nil},
		"short":          {[]float64{0, 5, 10}, []float64{0, 5, 10}},
		"long":           {[]float64{0, 30, 60}, []float64{0, 10, 20}},
		"typed, and run": {[]float64{0, 0.0625, 60.0625}, []float64{0, 0.0625, 20}},
	} {
		var writes []Write
		for _, at := range c.times {
			writes = append(writes, Write{At: at})
		}
		var got []float64
		for _, w := range hurried(writes) {
			got = append(got, w.At)
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: the times are %v, want %v", name, got, c.want)
		}
	}
}

func TestWatch(t *testing.T) {
	for name, c := range map[string]struct {
		writes []string // a second apart
		want   string
	}{
		"lines":          {[]string{"a\r\n", "b\r\n"}, "0 a 0-0, 1 b 1-0"},
		"a line changes": {[]string{"a", "\r\x1b[Kb"}, "0 a 0-1, 0 b 1-0"},
		"above others":   {[]string{"a\r\nb", "\r\x1b[K\x1b[1A\r\x1b[Kc\r\n"}, "0 a 0-1, 1 b 0-1, 0 c 1-0"},
		"colors":         {[]string{"\x1b[36m━\x1b[0mx"}, "0 ━x 0-0"},
		"over others":    {[]string{"abc\rx"}, "0 xbc 0-0"},
		"other escapes":  {[]string{"a\x07\x1b[2Jb"}, "0 a[2Jb 0-0"},
		"nothing":        {nil, ""},
	} {
		var writes []Write
		for i, text := range c.writes {
			writes = append(writes, Write{float64(i), text})
		}
		var got []string
		for _, l := range watch(writes) {
			got = append(got, fmt.Sprintf("%d %s %v-%v", l.row, textOf(l.line), l.from, l.to))
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: it shows %q, want %q", name, s, c.want)
		}
	}
}

// The picture in docs is that of the recording beside it, and is well-formed.
func TestSVG(t *testing.T) {
	docs := filepath.Join("..", "..", "docs")
	f, err := os.Open(filepath.Join(docs, "recording.cast"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := Read(f)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := SVG(&out, r); err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(bytes.NewReader(out.Bytes())); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	golden.Check(t, filepath.Join(docs, "recording.svg"), out.Bytes())
}
