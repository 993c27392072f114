package images

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/envfile"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/version"
)

func TestRender(t *testing.T) {
	v, err := version.Parse("1.4.1-rc.1+acme.1")
	if err != nil {
		t.Fatal(err)
	}
	fields := PodFields{
		Fields: v.Fields(), Image: "registry.example.org/ship@sha256:0",
		Options: []packaging.Variable{
			{Name: "NAME", Value: "--name=ship"}, {Name: "MORE",
				Value: " --sails  --deck=\"main deck\"\n--log='$(A) $$ \\\\' "},
		},
	}
	for _, c := range []struct{ name, text, want, err string }{
		{"no template", `{"kind":"Pod"}`, "{\n  \"kind\": \"Pod\"\n}\n", ""},
		{"space around", "\n\n [ ] \n", "[]\n", ""},
		{"the image", `["{{.Image}}"]`, "[\n  \"registry.example.org/ship@sha256:0\"\n]\n", ""},
		{"the version", `["{{.Version}}", {{.Minor}}, "{{.Prerelease}}"]`,
			"[\n  \"1.4.1-rc.1+acme.1\",\n  4,\n  \"rc.1\"\n]\n", ""},
		{"arguments", `{{json .Args}}`,
			"[\n  \"--name=ship\",\n  \"--sails\",\n  \"--deck=main deck\",\n  \"--log=$$(A) $$$$ \\\\\"\n]\n", ""},
		{"a variable's value", `{{json (index .Options 1).Value}}`,
			"\" --sails  --deck=\\\"main deck\\\"\\n--log='$$(A) $$$$ \\\\\\\\' \"\n", ""},
		{"variables", `[{{range $i, $o := .Options}}{{if $i}},{{end}}{{json $o.Name}}{{end}}]`,
			"[\n  \"NAME\",\n  \"MORE\"\n]\n", ""},
		{"a template that does not parse", `{{json`, "", "template: pods/ship.json:1: unclosed action"},
		{"a function that is unknown", `{{yaml .}}`, "", `template: pods/ship.json:1: function "yaml" not defined`},
		{"a field that is unknown", "[\n{{.Ship}}]", "", "template: pods/ship.json:2:2: executing "},
		{"a value that is no JSON", "{{json .Fields.Plus}}", "", "template: pods/ship.json:1:14: executing "},
		{"no JSON", `{"kind":}`, "", "pods/ship.json: the template does not make valid JSON: invalid character '}'"},
		{"nothing", ``, "", "pods/ship.json: the template does not make valid JSON: unexpected end of JSON input"},
	} {
		got, err := Pod{Name: "ship", File: "pods/ship.json"}.Render([]byte(c.text), fields)
		if string(got) != c.want || (err == nil) != (c.err == "") || err != nil && !strings.HasPrefix(err.Error(), c.err) {
			t.Errorf("%s: Render() = %s, %v\nwant %s, %s", c.name, got, err, c.want, c.err)
		}
	}
	if args, err := (PodFields{}).Args(); args != nil || err != nil {
		t.Errorf("without options the arguments are %q, %v", args, err)
	}
	fields.Options[0].Value = "the captain's"
	_, err = Pod{File: "pods/ship.json"}.Render([]byte(`{{json .Args}}`), fields)
	if err == nil || !strings.Contains(err.Error(), "options: NAME: a quote ' has no counterpart") {
		t.Errorf("an option with a single quote: %v", err)
	}
}

// expanded returns what a kubelet makes of an argument or a value, where a variable x is set.
func expanded(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '$' && i+1 < len(s) {
			if s[i+1] == '$' {
				i++
			} else if strings.HasPrefix(s[i:], "$(x)") {
				out.WriteString("expanded")
				i += len("$(x)") - 1
				continue
			}
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

// FuzzRender holds that a pod has the values of its options, whatever they are: JSON keeps
// them, and a kubelet expands nothing in them.
func FuzzRender(f *testing.F) {
	for _, s := range []string{
		"", "$", "$$", "$(x)", "$$(x)", "$$$(x)", "${x}", "a$", `"`, `\`, "\\n", "</script>", "&", "\u2028", "\x00",
		"{{.Image}}", "yes", "1.10", "0x1", ": ", "#", "--a=$(x)", "é",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(s, "?")
		want, err := envfile.Words(s)
		if err != nil {
			return // refused before anything is built
		}
		fields := PodFields{Options: []packaging.Variable{{Name: "A", Value: s}}}
		data, err := Pod{File: "pod.json"}.Render([]byte(`{"args": {{json .Args}}, "env": {{json .Options}}}`), fields)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Args []string
			Env  []packaging.Variable
		}
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatalf("%v in %s", err, data)
		}
		for i := range got.Args {
			got.Args[i] = expanded(got.Args[i])
		}
		if !slices.Equal(got.Args, want) || expanded(got.Env[0].Value) != s {
			t.Errorf("of %q a kubelet makes %q and %q", s, got.Args, expanded(got.Env[0].Value))
		}
		if fields.Options[0].Value != s {
			t.Errorf("the options are changed to %q", fields.Options[0].Value)
		}
	})
}
