package report

import (
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/slipway-build/slipway/conformance/settings"
	"github.com/slipway-build/slipway/internal/golden"
)

func summary(t *testing.T) Summary {
	t.Helper()
	run := read(t, ginkgos)
	return Summary{
		Fork: "ship", Version: "1.4.1+acme.1", At: time.Unix(1700000000, 0), Took: 61 * time.Second,
		Focus:  `\[Conformance\]`,
		Nodes:  []Node{{"n1", "Debian GNU/Linux 12", "6.1.0", "containerd://2.1.0", "v1.4.1", "amd64"}},
		Run:    run.Judge([]settings.Known{{Test: answer, Reason: "the network has no DNS"}}, []Node{{}}),
		Wanted: []string{start, stop, answer, "[sig-apps] Jobs should end [Conformance]"},
		Absent: []string{"e2e-test-images/httpd: Debian has no such version"},
	}
}

func TestMarkdown(t *testing.T) {
	s := summary(t)
	s.Compared, s.Other = true, []Difference{{Name: stop, Here: Failed, There: Passed}, {Name: "new", Here: Passed}}
	golden.Check(t, "testdata/summary.md", []byte(s.Markdown()))
	s = Summary{Fork: "ship", Version: "1.4.1", Upstream: true, Compared: true, Focus: "x", Skip: "y",
		Run: Run{Tests: []Test{{Name: start, State: Passed}}}}
	golden.Check(t, "testdata/upstream.md", []byte(s.Markdown()))
}

func TestSubmission(t *testing.T) {
	s := Submission{Project: "ship", Maintainer: "Acme: Ships <k8s@example.org>", Version: "1.4.1+acme.1", Minor: "1.4",
		Product: settings.Product{WebsiteURL: "https://example.org", Description: "Ships: \"all\" of them"},
		Command: "mage fork:conformance"}
	files, err := s.Files()
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "testdata/PRODUCT.yaml", files["PRODUCT.yaml"])
	golden.Check(t, "testdata/README.md", files["README.md"])
	var got map[string]string
	if err := yaml.Unmarshal(files["PRODUCT.yaml"], &got); err != nil || got["vendor"] != "Acme: Ships" ||
		got["contact_email_address"] != "k8s@example.org" || got["description"] != `Ships: "all" of them` {
		t.Errorf("%v %v", got, err)
	}
	if s.Dir() != "v1.4/ship" {
		t.Error(s.Dir())
	}
}
