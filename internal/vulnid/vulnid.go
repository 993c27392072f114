// Package vulnid reads the ids that databases of vulnerabilities give.
package vulnid

import (
	"fmt"
	"regexp"
	"strings"
)

// forms are the ids of CVE (https://cve.org), of GitHub's advisories, whose letters are
// those that are not taken for each other, and of Go's database of vulnerabilities.
var forms = map[string]*regexp.Regexp{
	"CVE":  regexp.MustCompile(`^CVE-(?:19|20)[0-9]{2}-[0-9]{4,19}$`),
	"GHSA": regexp.MustCompile(`^GHSA(?:-[23456789cfghjmpqrvwx]{4}){3}$`),
	"GO":   regexp.MustCompile(`^GO-20[0-9]{2}-[0-9]{4,}$`),
}

// Parse returns an id as its database writes it, whatever case s has it in.
func Parse(s string) (string, error) {
	scheme, rest, _ := strings.Cut(s, "-")
	scheme = strings.ToUpper(scheme)
	id := scheme + "-" + strings.ToLower(rest)
	if form, ok := forms[scheme]; ok && form.MatchString(id) {
		return id, nil
	}
	return "", fmt.Errorf("%q is not the ID of a vulnerability: "+
		"write one as CVE-2025-13281, GHSA-r6j8-c6r2-37rr or GO-2025-4240", s)
}

// URL returns the page that describes a vulnerability.
func URL(id string) string {
	switch scheme, _, _ := strings.Cut(id, "-"); scheme {
	case "GHSA":
		return "https://github.com/advisories/" + id
	case "GO":
		return "https://pkg.go.dev/vuln/" + id
	}
	return "https://www.cve.org/CVERecord?id=" + id
}
