package images

import (
	"bytes"
	"encoding/json"
	"fmt"
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
		out = append(out, strings.Fields(o.Value)...)
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
