package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// explain says what an error of a registry means and what to do. It repeats
// only what is known to hold no secret, and wraps nothing but a context's end.
func (t *target) explain(ctx context.Context, err error) error {
	var (
		status *transport.Error
		cert   *tls.CertificateVerificationError
		dns    *net.DNSError
		sent   *url.Error
	)
	insecure := "push with -insecure if that is meant"
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", t.host, ctx.Err())
	case errors.As(err, &cert):
		return fmt.Errorf("%s: its certificate is not to be trusted: %v: have it renewed, add its authority to this machine's, or %s", t.host, cert.Err, insecure)
	case errors.As(err, &status): // after the certificate: where that is not good, HTTP may have been tried, on this machine
		return t.refused(status)
	case errors.Is(err, http.ErrSchemeMismatch):
		return fmt.Errorf("%s: speaks plain HTTP, where HTTPS was expected: %s", t.host, insecure)
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Errorf("%s: there is no such host: see whether -registry is spelled right", dns.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%s: refuses connections: see whether the registry runs, and whether -registry names its port", t.host)
	case errors.As(err, &sent):
		return fmt.Errorf("%s: the connection fails: %s", t.host, scrub(sent.Err.Error()))
	}
	return fmt.Errorf("%s: %s", t.host, scrub(err.Error()))
}

// refused is explain for what a registry answered.
func (t *target) refused(e *transport.Error) error {
	said := fmt.Sprintf("%d %s", e.StatusCode, http.StatusText(e.StatusCode))
	for _, d := range e.Errors {
		said += fmt.Sprintf(", %s: %s", d.Code, d.Message)
		if e.StatusCode >= 500 && d.Detail != nil { // it holds the fault itself, with Docker's registry
			said += fmt.Sprintf(" (%v)", d.Detail)
		}
	}
	if _, text, ok := strings.Cut(e.Error(), said+": "); ok && len(e.Errors) == 0 && !strings.HasPrefix(text, "<") {
		said += ", " + text
	}
	said = scrub(said)
	switch code := e.StatusCode; {
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		if t.user == "" {
			return fmt.Errorf("%s: wants a login, and there is none: log in with docker login %[1]s or podman login %[1]s (%s)", t.host, said)
		}
		return fmt.Errorf("%s refuses the login of %s: log in again with docker login %[1]s or podman login %[1]s (%[3]s)", t.host, t.user, said)
	case code == http.StatusRequestEntityTooLarge || code == http.StatusInsufficientStorage || code >= 500 && full.MatchString(said):
		return fmt.Errorf("%s: has no room for what is pushed: have it made, or larger blobs allowed, and push again (%s)", t.host, said)
	}
	return fmt.Errorf("%s: refuses what is pushed: %s", t.host, said)
}

// absent tells of what a registry answered whether it has no such tag. Some
// forbid to look for what is not there: force takes that for an answer.
func absent(err error, force bool) bool {
	var status *transport.Error
	return errors.As(err, &status) && (status.StatusCode == http.StatusNotFound || force && status.StatusCode == http.StatusForbidden)
}

var (
	userinfo = regexp.MustCompile(`://[^/@\s"]*@`)
	query    = regexp.MustCompile(`\?[^\s"]*`)
	full     = regexp.MustCompile(`no space left on device|\bErr:28\b`) // ENOSPC, which Docker's registry tells either way
	header   = regexp.MustCompile(`(?i)\b(basic|bearer)\s+[A-Za-z0-9._~+/=-]{8,}`)
)

// scrub returns the first line of a text that somebody else wrote, at most 300 bytes,
// without the parts of URLs and headers that secrets may be in.
func scrub(text string) string {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	text = query.ReplaceAllString(userinfo.ReplaceAllString(text, "://"), "")
	text = header.ReplaceAllString(text, "$1 …")
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return text
}
