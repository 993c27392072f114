package reproduce

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/release/contents"
)

// compareContent explains how the contents of two files of one name differ.
func compareContent(where []string, name string, want, got []byte) []Finding {
	if bytes.Equal(want, got) {
		return nil
	}
	return in(where, compareBytes(name, want, got))
}

func compareBytes(name string, want, got []byte) []Finding {
	if kind := contents.CompressionOf(want); kind != "" && contents.CompressionOf(got) == kind {
		return compareCompressed(name, want, got)
	}
	if found := compareProgram(want, got); len(found) > 0 {
		return found
	}
	w, wErr := decode(want)
	g, gErr := decode(got)
	if wErr == nil && gErr == nil {
		if found := compareJSON("", w, g); len(found) > 0 {
			return found
		}
		return []Finding{{What: "formatted differently, same values"}}
	}
	if isText(want) && isText(got) {
		if path.Base(name) == "control" {
			return compareFields(want, got)
		}
		return compareLines(want, got)
	}
	return []Finding{differingBytes("content", want, got)}
}

func isText(data []byte) bool { return utf8.Valid(data) && bytes.IndexByte(data, 0) < 0 }

// differingBytes says how many bytes differ, and where the first does.
func differingBytes(what string, want, got []byte) Finding {
	n, first := 0, -1
	for i := range min(len(want), len(got)) {
		if want[i] != got[i] {
			if n++; first < 0 {
				first = i
			}
		}
	}
	switch {
	case len(want) != len(got) && first < 0:
		what += ": the rest of one is missing"
	case len(want) != len(got):
		what += fmt.Sprintf(": the first byte that differs is at %#x", first)
	default:
		what += fmt.Sprintf(": %d of %s differ, the first at %#x", n, text.Count(len(want), "byte"), first)
		return Finding{What: what}
	}
	return Finding{What: what, Want: text.Count(len(want), "byte"), Got: text.Count(len(got), "byte")}
}

// compareLines returns the first line that differs.
func compareLines(want, got []byte) []Finding {
	ws, gs := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	i := 0
	for i < len(ws) && i < len(gs) && ws[i] == gs[i] {
		i++
	}
	at := func(lines []string) string {
		if i == len(lines) || i == len(lines)-1 && lines[i] == "" {
			return "the end"
		}
		return short(fmt.Sprintf("%q", lines[i]))
	}
	f := Finding{What: fmt.Sprintf("line %d", i+1), Want: at(ws), Got: at(gs)}
	f.derived = len(ws) == len(gs) && onlyDigests(string(want), string(got))
	return []Finding{f}
}

var digits = regexp.MustCompile(`[0-9a-f]{32,}`)

// onlyDigests reports whether two texts differ in nothing but digests, and so follow from
// what has these.
func onlyDigests(want, got string) bool {
	return digits.ReplaceAllString(want, "#") == digits.ReplaceAllString(got, "#")
}

// compareFields compares the fields of a Debian control file, which is one paragraph.
func compareFields(want, got []byte) []Finding {
	ws, gs := fields(want), fields(got)
	var found []Finding
	for _, key := range keysOf(ws, gs) {
		if ws[key] != gs[key] {
			found = append(found, Finding{Where: []string{key}, What: "field", Want: short(ws[key]), Got: short(gs[key])})
		}
	}
	if len(found) == 0 {
		return compareLines(want, got)
	}
	return found
}

func fields(data []byte) map[string]string {
	out, last := map[string]string{}, ""
	for line := range strings.Lines(string(data)) {
		key, value, ok := strings.Cut(line, ":")
		if ok && key != "" && !strings.HasPrefix(key, " ") {
			last = key
			out[key] = strings.TrimSpace(value)
		} else {
			out[last] += strings.TrimRight("\n"+strings.TrimSuffix(line, "\n"), " ")
		}
	}
	return out
}

// keysOf returns the keys of two maps, sorted.
func keysOf[V any](a, b map[string]V) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

func decode(data []byte) (any, error) {
	var v any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more than one value")
	}
	switch v.(type) {
	case map[string]any, []any:
		return v, nil
	}
	return nil, errors.New("it is not a document")
}

// compareJSON returns each field that differs, by its path: .config.Env[1].
func compareJSON(at string, want, got any) []Finding {
	var found []Finding
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			break
		}
		for _, key := range keysOf(w, g) {
			found = append(found, compareJSON(at+"."+key, absent(w, key), absent(g, key))...)
		}
		return found
	case []any:
		g, ok := got.([]any)
		if !ok {
			break
		}
		for i := range max(len(w), len(g)) {
			found = append(found, compareJSON(fmt.Sprintf("%s[%d]", at, i), element(w, i), element(g, i))...)
		}
		return found
	}
	if value(want) == value(got) {
		return nil
	}
	f := Finding{Where: []string{at}, What: "field", Want: short(value(want)), Got: short(value(got))}
	f.derived = onlyDigests(value(want), value(got)) || strings.HasSuffix(at, ".size")
	return []Finding{f}
}

// A none is a value that a document does not have: null is one that it has.
type none struct{}

func absent(m map[string]any, key string) any {
	if v, ok := m[key]; ok {
		return v
	}
	return none{}
}

func element(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return none{}
}

func value(v any) string {
	if v == (any)(none{}) {
		return ""
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(data)
}
