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

// A Pod is one that a kubelet runs by itself, from a file
// (https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/). It is
// made where there is the image of its name.
type Pod struct {
	Name     string        `yaml:"name" json:"name"` // that of the package, too, whose options it runs with
	Versions version.Range `yaml:"versions" json:"versions"`
	File     string        `yaml:"file" json:"file"` // of the profile's folder, a template
}

// PodFields are what the template of a pod sees beside those of the version.
type PodFields struct {
	version.Fields
	Image   string // by its digest
	Options []packaging.Variable
}

// Args returns the arguments that the options come to, in their order.
func (f PodFields) Args() []string {
	var out []string
	for _, o := range f.Options {
		out = append(out, strings.Fields(o.Value)...)
	}
	return out
}

// Render fills the template of a pod. What comes out is JSON.
func (p Pod) Render(text []byte, f PodFields) ([]byte, error) {
	t, err := template.New(p.File).Option("missingkey=error").Funcs(template.FuncMap{"json": encode}).Parse(string(text))
	if err != nil {
		return nil, err
	}
	var filled, out bytes.Buffer
	if err := t.Execute(&filled, f); err != nil {
		return nil, err
	}
	if err := json.Indent(&out, bytes.TrimSpace(filled.Bytes()), "", "  "); err != nil {
		return nil, fmt.Errorf("%s: it comes to no JSON: %w", p.File, err)
	}
	return append(out.Bytes(), '\n'), nil
}

func encode(value any) (string, error) {
	data, err := json.Marshal(value)
	return string(data), err
}
