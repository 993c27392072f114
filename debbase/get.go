package debbase

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// ParseSuite reads a suite as settings name it: the URL of an archive and a suite's
// name, separated by a space. The archive has no keyring and no getter.
func ParseSuite(s string) (Archive, error) {
	words := strings.Fields(s)
	if len(words) != 2 || !strings.Contains(words[0], "://") {
		return Archive{}, fmt.Errorf("%q is not a suite: "+
			"want the URL of an archive and a suite's name, such as https://deb.example.org/debian bookworm", s)
	}
	return Archive{URL: words[0], Suite: words[1]}, nil
}

// named matches the name of a package, or several as alternatives.
var named = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]*( *\| *[a-z0-9][a-z0-9+.-]*)*$`)

// CheckPackage returns what is wrong with a package as settings name it: by its name, or
// by alternatives.
func CheckPackage(s string) error {
	if named.MatchString(s) {
		return nil
	}
	return fmt.Errorf("%q is not the name of a Debian package: want one like conntrack, or alternatives, "+
		"like iproute2 | iproute", s)
}

// Archives returns suites as archives whose suites are signed by one of the keys in a
// file, and which Get reads. An error begins with the setting that is wrong.
func Archives(suites []string, keyring string) ([]Archive, error) {
	keys, err := os.ReadFile(keyring)
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	var out []Archive
	for _, s := range suites {
		a, err := ParseSuite(s)
		if err != nil {
			return nil, fmt.Errorf("suites: %w", err)
		}
		a.Keyring, a.Get = keys, Get
		out = append(out, a)
	}
	return out, nil
}

// arches are the architectures that Debian names otherwise than Go.
var arches = map[string]string{"386": "i386", "arm": "armhf", "ppc64le": "ppc64el"}

// Arch returns Debian's name of an architecture that Go names arch.
func Arch(arch string) string {
	if name, ok := arches[arch]; ok {
		return name
	}
	return arch
}

// Get opens what a URL of the web, or of a file, names. It is a Getter.
func Get(ctx context.Context, from string) (io.ReadCloser, error) {
	u, err := url.Parse(from)
	if err != nil {
		return nil, err
	}
	if u.Scheme == "file" {
		return os.Open(filepath.FromSlash(u.Path))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		res.Body.Close()
		return nil, fmt.Errorf("the server says %s", res.Status)
	}
	return res.Body, nil
}
