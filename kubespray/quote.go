package kubespray

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A jinja is text in which Ansible fills in what is in {{ }}.
type jinja string

// literal returns text in which Ansible fills in nothing.
func literal(s string) jinja { return jinja(strings.ReplaceAll(s, "{", "{{ '{' }}")) }

// quote returns values, one behind the other, as a string of YAML in double quotes. Ansible
// fills in what is jinja, and takes all else as it is.
func quote(values ...any) (string, error) {
	var text jinja
	for _, v := range values {
		if filled, ok := v.(jinja); ok {
			text += filled
		} else {
			text += literal(fmt.Sprint(v))
		}
	}
	data, err := yaml.Marshal(&yaml.Node{Kind: yaml.ScalarNode, Style: yaml.DoubleQuotedStyle, Value: string(text)})
	return strings.TrimSuffix(string(data), "\n"), err
}
