package images

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/version"
)

// A Pod is a static pod: one that a kubelet runs from a file
// (https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/). It is
// made if the image of its name is.
type Pod struct {
	Name     string        `yaml:"name" json:"name"` // also of the package whose options it runs with
	Versions version.Range `yaml:"versions" json:"versions"`
	File     string        `yaml:"file" json:"file"` // a template in the profile's dir
}

// PodFields are the fields that the template of a pod can use, with those of the
// version.
type PodFields struct {
	version.Fields
	Image   string // by its digest
	Options []packaging.Variable
}

// Args returns the words of all options, in their order.
func (f PodFields) Args() []string {
	var out []string
	for _, o := range f.Options {
		out = append(out, words(o.Value)...)
	}
	return out
}

// words splits a variable as systemd does for a unit that has $NAME: at spaces, but for those
// in quotes, and a backslash takes the next character as it is.
func words(value string) []string {
	var out []string
	var word strings.Builder
	var quote rune
	begun, escaped := false, false
	for _, r := range value {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\':
			begun, escaped = true, true
		case r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			begun, quote = true, r
		case quote == 0 && strings.ContainsRune(" \t\n\r", r):
			if begun {
				out = append(out, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if begun {
		out = append(out, word.String())
	}
	return out
}

// unexpanded returns options in which a kubelet expands nothing: to it, $(NAME) in an
// argument or in a variable's value is another variable.
func unexpanded(options []packaging.Variable) []packaging.Variable {
	out := slices.Clone(options)
	for i := range out {
		out[i].Value = strings.ReplaceAll(out[i].Value, "$", "$$")
	}
	return out
}

// Render executes the template of a pod, text, and returns the JSON that it
// makes, indented. The template has a function json, which writes a value as JSON.
func (p Pod) Render(text []byte, f PodFields) ([]byte, error) {
	funcs := template.FuncMap{"json": encode}
	t, err := template.New(p.File).Option("missingkey=error").Funcs(funcs).Parse(string(text))
	if err != nil {
		return nil, err
	}
	f.Options = unexpanded(f.Options)
	var filled, out bytes.Buffer
	if err := t.Execute(&filled, f); err != nil {
		return nil, err
	}
	if err := json.Indent(&out, bytes.TrimSpace(filled.Bytes()), "", "  "); err != nil {
		return nil, fmt.Errorf("%s: the template does not make valid JSON: %w", p.File, err)
	}
	return append(out.Bytes(), '\n'), nil
}

func encode(value any) (string, error) {
	data, err := json.Marshal(value)
	return string(data), err
}
