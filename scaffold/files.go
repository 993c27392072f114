package scaffold

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"text/template"

	"go.yaml.in/yaml/v3"

	"github.com/slipway-build/slipway/docs/pipelines"
	"github.com/slipway-build/slipway/patches"
)

const magefile = "magefile.go"

// A file is one to be written.
type file struct {
	name  string // below the project, with slashes
	data  []byte
	edits bool // it takes the place of one that is there
}

// compose returns the files of a project, sorted.
func compose(r Request, forks []forkPlan, at folder) ([]file, error) {
	known, err := readTables()
	if err != nil {
		return nil, err
	}
	var files []file
	if !bytes.Equal(at.module, at.declared) {
		files = append(files, file{"go.mod", at.module, at.declared != nil})
	}
	if text := ignoring(at.ignored); text != nil {
		files = append(files, file{".gitignore", text, at.ignored != nil})
	}
	if !at.targets {
		text, err := data.ReadFile("files/magefile.go.txt")
		if err != nil {
			return nil, err
		}
		files = append(files, file{name: magefile, data: text})
	}
	for _, f := range forks {
		own, err := f.files()
		if err != nil {
			return nil, err
		}
		files = append(files, own...)
	}
	for _, p := range known.Pipelines {
		if p.CI != r.CI {
			continue
		}
		for name, from := range p.Files {
			text, err := pipelines.Files.ReadFile(from)
			if err != nil {
				return nil, err
			}
			files = append(files, file{name: name, data: text})
		}
	}
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	return files, nil
}

// ignoring returns a .gitignore that ignores the outputs, too, and what Mage writes while it compiles a magefile;
// nil if it does already.
func ignoring(text []byte) []byte {
	there := map[string]bool{}
	for line := range bytes.Lines(text) {
		there[strings.Trim(strings.TrimSpace(string(line)), "/")] = true
	}
	var more []byte
	for _, line := range []string{"/dist/", "mage_output_file.go"} {
		if !there[strings.Trim(line, "/")] {
			more = append(more, line+"\n"...)
		}
	}
	if more == nil {
		return nil
	}
	if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
		more = append([]byte("\n"), more...)
	}
	return slices.Concat(text, more)
}

// files returns the files of a fork.
func (f forkPlan) files() ([]file, error) {
	text, err := data.ReadFile("files/fork.yaml.tmpl")
	if err != nil {
		return nil, err
	}
	quote := template.FuncMap{"yaml": quoted, "list": flow}
	t, err := template.New("fork.yaml").Funcs(quote).Parse(string(text))
	if err != nil {
		return nil, err
	}
	var filled bytes.Buffer
	if err := t.Execute(&filled, f); err != nil {
		return nil, err
	}
	comment, err := data.ReadFile("files/series.txt")
	if err != nil {
		return nil, err
	}
	dir := path.Join("forks", f.ID)
	files := []file{
		{name: path.Join(dir, "fork.yaml"), data: filled.Bytes()},
		{name: path.Join(dir, "patches", "series"), data: patches.EditSeries(comment, f.Series)},
	}
	for _, p := range f.Series {
		files = append(files, file{name: path.Join(dir, "patches", p.Name), data: p.Data})
	}
	return files, nil
}

// quoted returns a text as YAML.
func quoted(text string) (string, error) {
	out, err := yaml.Marshal(text)
	return strings.TrimSpace(string(out)), err
}

// flow returns a list in one line of YAML.
func flow(list []string) (string, error) {
	node := yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, text := range list {
		node.Content = append(node.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: text})
	}
	out, err := yaml.Marshal(&node)
	return strings.Join(strings.Fields(string(out)), " "), err
}
