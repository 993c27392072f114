// Package settings is the section conformance of fork.yaml.
package settings

import (
	"fmt"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/slipway-build/slipway/internal/config"
)

// Settings is the section conformance of fork.yaml.
type Settings struct {
	// Expected are tests that fail for a reason that is known, beside those that the profile lists.
	Expected []Known `yaml:"expected"`
	// Product is what PRODUCT.yaml says of the fork, in the folder for
	// https://github.com/cncf/k8s-conformance.
	Product Product `yaml:"product"`
}

// Validate returns what is wrong with the list expected.
func Validate(expected []Known) []config.Fault {
	var faults []config.Fault
	for i, k := range expected {
		faults = append(faults, config.Below(fmt.Sprintf("expected[%d]", i), k.Validate())...)
	}
	return faults
}

// A Known failure is a test that fails in some environments for a reason that is not the fork's.
type Known struct {
	// Test is its whole name.
	Test string `yaml:"test"`
	// Runtime limits it to versions of a container runtime, such as containerd <2.0.0.
	Runtime string `yaml:"runtime"`
	// Kernel limits it to versions of Linux, such as <6.3.0.
	Kernel string `yaml:"kernel"`
	// Reason is why it fails, in a sentence.
	Reason string `yaml:"reason"`
}

// Product is what PRODUCT.yaml says of the fork, by the keys that it has there.
type Product struct {
	// Name is the product's. The project's if left out.
	Name string `yaml:"name"`
	// WebsiteURL is the page of the product.
	WebsiteURL string `yaml:"website_url"`
	// RepoURL is where its sources are.
	RepoURL string `yaml:"repo_url"`
	// DocumentationURL is where its documentation is.
	DocumentationURL string `yaml:"documentation_url"`
	// ProductLogoURL is a logo in SVG.
	ProductLogoURL string `yaml:"product_logo_url"`
	// Type is distribution, hosted platform or installer; distribution if left out.
	Type string `yaml:"type"`
	// Description is one sentence on the product.
	Description string `yaml:"description"`
}

// Validate returns what is wrong with the section by itself.
func (s Settings) Validate() []config.Fault {
	faults := Validate(s.Expected)
	for field, url := range map[string]string{
		"website_url": s.Product.WebsiteURL, "repo_url": s.Product.RepoURL,
		"documentation_url": s.Product.DocumentationURL, "product_logo_url": s.Product.ProductLogoURL,
	} {
		if url != "" && !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") {
			faults = append(faults, config.Faultf("product."+field,
				"%q is not a URL: want one such as https://example.org", url))
		}
	}
	switch s.Product.Type {
	case "", "distribution", "hosted platform", "installer":
	default:
		faults = append(faults, config.Faultf("product.type", "%q: want distribution, hosted platform or installer",
			s.Product.Type))
	}
	return faults
}

// Validate returns what is wrong with it.
func (k Known) Validate() []config.Fault {
	var faults []config.Fault
	if k.Test == "" {
		faults = append(faults, config.Faultf("test", "is missing: want the whole name of a test"))
	}
	if strings.TrimSpace(k.Reason) == "" {
		faults = append(faults, config.Faultf("reason", "is missing: say why the test fails"))
	}
	if name, versions := k.OfRuntime(); k.Runtime != "" && (name == "" || versions == "" || !readable(versions)) {
		faults = append(faults, config.Faultf("runtime", "%q: want a name and versions, such as containerd <2.0.0",
			k.Runtime))
	}
	if k.Kernel != "" && !readable(k.Kernel) {
		faults = append(faults, config.Faultf("kernel", "%q: want versions, such as <6.3.0", k.Kernel))
	}
	return faults
}

func readable(versions string) bool {
	_, err := semver.NewConstraint(versions)
	return err == nil
}

// OfRuntime returns the runtime's name, and the expression of its versions.
func (k Known) OfRuntime() (name, versions string) {
	name, versions, _ = strings.Cut(k.Runtime, " ")
	return name, strings.TrimSpace(versions)
}
