package report

import (
	"fmt"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/slipway-build/slipway/conformance/settings"
)

// A Submission is what https://github.com/cncf/k8s-conformance asks of a product, beside the log and the JUnit file.
type Submission struct {
	Product    settings.Product
	Project    string // the fork's name
	Maintainer string // NAME <ADDRESS>
	Version    string // of the fork, such as 1.36.1+acme.1
	Minor      string // of Kubernetes, such as 1.36
	Command    string // that ran the tests
}

// Dir is where the files belong in that repository.
func (s Submission) Dir() string { return path.Join("v"+s.Minor, s.Project) }

// Files returns PRODUCT.yaml and README.md. What is not known has a comment that says so.
func (s Submission) Files() (map[string][]byte, error) {
	vendor, address, _ := strings.Cut(strings.TrimSuffix(s.Maintainer, ">"), " <")
	p := s.Product
	if p.Name == "" {
		p.Name = s.Project
	}
	if p.Type == "" {
		p.Type = "distribution"
	}
	doc := &yaml.Node{Kind: yaml.MappingNode}
	for _, f := range [][2]string{{"vendor", vendor}, {"name", p.Name}, {"version", "v" + s.Version},
		{"website_url", p.WebsiteURL}, {"repo_url", p.RepoURL}, {"documentation_url", p.DocumentationURL},
		{"product_logo_url", p.ProductLogoURL}, {"type", p.Type}, {"description", p.Description},
		{"contact_email_address", address}} {
		value := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: f[1]}
		if f[1] == "" {
			value.LineComment = "not known: set conformance.product." + f[0] + " in fork.yaml"
		}
		doc.Content = append(doc.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: f[0]}, value)
	}
	data, err := yaml.Marshal(doc)
	if err != nil {
		return nil, err
	}
	readme := fmt.Sprintf("# %s v%s\n\nThe results here are of this command, in the project that builds the product:\n\n"+
		"```console\n$ %s\n```\n\nIt compiles the tests from the sources of the product, makes the images that they start,\n"+
		"and runs all conformance tests of Kubernetes %s.\n", p.Name, s.Version, s.Command, s.Minor)
	return map[string][]byte{"PRODUCT.yaml": data, "README.md": []byte(readme)}, nil
}
