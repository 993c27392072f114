package vulnid

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct{ in, want, url string }{
		{"CVE-2025-13281", "CVE-2025-13281", "https://www.cve.org/CVERecord?id=CVE-2025-13281"},
		{"cve-1999-0001", "CVE-1999-0001", "https://www.cve.org/CVERecord?id=CVE-1999-0001"},
		{"CVE-2024-1234567", "CVE-2024-1234567", "https://www.cve.org/CVERecord?id=CVE-2024-1234567"},
		{"GHSA-R6J8-c6r2-37rr", "GHSA-r6j8-c6r2-37rr", "https://github.com/advisories/GHSA-r6j8-c6r2-37rr"},
		{"go-2025-4240", "GO-2025-4240", "https://pkg.go.dev/vuln/GO-2025-4240"},
		{in: "CVE-2025-none"},
		{in: "CVE-2025-123"},
		{in: "CVE-2525-1234"},
		{in: "CVE-2025-1234x"},
		{in: "xCVE-2025-1234"},
		{in: "2025-1234"},
		{in: "CVE-2025-1234\nCVE-2025-1235"},
		{in: "GHSA-0000-c6r2-37rr"},
		{in: "GO-25-4240"},
		{in: "DSA-5000-1"},
		{in: ""},
	} {
		got, err := Parse(c.in)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q is %q (%v), want %q", c.in, got, err, c.want)
		}
		if err == nil && URL(got) != c.url {
			t.Errorf("%s is described at %s, want %s", got, URL(got), c.url)
		}
		if err != nil && !strings.Contains(err.Error(), "write one as CVE-2025-13281") {
			t.Errorf("the error does not say what to write: %v", err)
		}
	}
}
