package kubespray

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// awkward are values that YAML or Ansible would take for something else.
var awkward = []string{
	"", "yes", "no", "~", "null", "1.10", "0x1", "1e3", "012", "2026-01-01", ": ", "a: b", " # c", "- x", "[",
	"*a", "&a", "!a", `"`, `\`, `\n`, "a\nb", "\t", "'", "%", "@", "`", "é", "\u0085", "\u2028", "\ufeff", "\x00", "\x7f",
	"{{ lookup('pipe', 'id') }}", "{% raw %}", "{# x #}", "{", "{{{", "}}", "{ {", "a{{b}}c", "{{ '{' }}",
	strings.Repeat("long ", 60),
}

func TestQuote(t *testing.T) {
	for _, c := range []struct {
		values []any
		want   string
	}{
		{nil, `""`},
		{[]any{"v", "1.10"}, `"v1.10"`},
		{[]any{1, ".", 10}, `"1.10"`},
		{[]any{"yes"}, `"yes"`},
		{[]any{`a"b\c`}, `"a\"b\\c"`},
		{[]any{"{{ x }}"}, `"{{ '{' }}{{ '{' }} x }}"`},
		{[]any{jinja("{{ x }}")}, `"{{ x }}"`},
		{[]any{"{", jinja("{{ x }}")}, `"{{ '{' }}{{ x }}"`},
	} {
		if got, err := quote(c.values...); got != c.want || err != nil {
			t.Errorf("quote(%q) = %s, %v, want %s", c.values, got, err, c.want)
		}
	}
}

// filledIn returns a string as Ansible has it, which is filled in where a literal brace is.
func filledIn(s string) string { return strings.ReplaceAll(s, "{{ '{' }}", "{") }

// TestQuoteIsRead has Python's YAML, which Ansible uses, read what is awkward.
func TestQuoteIsRead(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil || exec.Command(python, "-c", "import yaml").Run() != nil {
		t.Skip("python3 with its module yaml is missing")
	}
	var text strings.Builder
	for _, s := range awkward {
		quoted, err := quote(s)
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString("- " + quoted + "\n")
	}
	cmd := exec.Command(python, "-c", "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin.buffer.read())))")
	cmd.Stdin = strings.NewReader(text.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v for\n%s", err, text.String())
	}
	var got []string
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	for i, s := range got {
		if filledIn(s) != awkward[i] {
			t.Errorf("%q is read as %q", awkward[i], s)
		}
	}
	if len(got) != len(awkward) {
		t.Errorf("%d of %d values are read", len(got), len(awkward))
	}
}

// FuzzQuote holds that the YAML reader reads what was quoted, and Ansible fills in nothing.
func FuzzQuote(f *testing.F) {
	for _, s := range awkward {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(s, "?")
		quoted, err := quote(s)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := yaml.Unmarshal([]byte("before: 1\nx: "+quoted+"\nafter: 2\n"), &got); err != nil {
			t.Fatalf("%q is no YAML: %v", quoted, err)
		}
		text, ok := got["x"].(string)
		if !ok || filledIn(text) != s || len(got) != 3 {
			t.Errorf("%q is quoted as %s, and read as %q", s, quoted, got)
		}
		rest := strings.ReplaceAll(text, "{{ '{' }}", "")
		for _, opens := range []string{"{{", "{%", "{#"} {
			if strings.Contains(rest, opens) {
				t.Errorf("%q is quoted as %s, in which Ansible fills something in", s, quoted)
			}
		}
	})
}
