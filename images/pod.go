package images

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"github.com/slipway-build/slipway/internal/envfile"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/version"
)

// A Pod is a static pod: one that a kubelet runs from a file
// (https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/). It is made if the
// image with its name is made.
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

// Args returns the words of all options, in their order, as systemd splits them for
// the command of a unit.
func (f PodFields) Args() ([]string, error) {
	var out []string
	for _, o := range f.Options {
		words, err := envfile.Words(o.Value)
		if err != nil {
			return nil, fmt.Errorf("options: %s: %w", o.Name, err)
		}
		out = append(out, words...)
	}
	return out, nil
}

// literal returns the fields with options that a kubelet takes as they are: in the
// arguments and variables of a container it expands $(NAME), and $$ is a $.
func (f PodFields) literal() PodFields {
	f.Options = slices.Clone(f.Options)
	for i, o := range f.Options {
		f.Options[i].Value = strings.ReplaceAll(o.Value, "$", "$$")
	}
	return f
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
	if err := t.Execute(&filled, f.literal()); err != nil {
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
