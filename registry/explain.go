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

// explain returns an error that says what another one means and what to do. It
// repeats only what is known to hold no secret, and wraps nothing but the end of a
// context.
func (t *target) explain(ctx context.Context, err error) error {
	var (
		status *transport.Error
		cert   *tls.CertificateVerificationError
		dns    *net.DNSError
		sent   *url.Error
	)
	insecure := "push with -insecure if that is intended"
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", t.host, ctx.Err())
	case errors.As(err, &cert):
		return fmt.Errorf("%s: its certificate is not trusted: %s: renew it, add its authority to this machine's, or %s",
			t.host, cert.Err.Error(), insecure)
	case errors.As(err, &status): // after the certificate: without a good one, HTTP may have been tried on this machine
		return t.refused(status)
	case errors.Is(err, http.ErrSchemeMismatch):
		return fmt.Errorf("%s: it speaks plain HTTP, not HTTPS: %s", t.host, insecure)
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Errorf("%s: no such host: check how -registry is spelled", dns.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%s: it refuses connections: check that the registry runs, and that -registry has its port",
			t.host)
	case errors.As(err, &sent):
		return fmt.Errorf("%s: the connection failed: %s", t.host, scrub(sent.Err.Error()))
	}
	return fmt.Errorf("%s: %s", t.host, scrub(err.Error()))
}

// refused is explain for a registry's answer.
func (t *target) refused(e *transport.Error) error {
	said := fmt.Sprintf("%d %s", e.StatusCode, http.StatusText(e.StatusCode))
	for _, d := range e.Errors {
		said += fmt.Sprintf(", %s: %s", d.Code, d.Message)
		if e.StatusCode >= 500 && d.Detail != nil { // where Docker's registry has the error itself
			said += fmt.Sprintf(" (%v)", d.Detail)
		}
	}
	if _, text, ok := strings.Cut(e.Error(), said+": "); ok && len(e.Errors) == 0 && !strings.HasPrefix(text, "<") {
		said += ", " + text
	}
	said = scrub(said)
	code := e.StatusCode
	forbidden := code == http.StatusUnauthorized || code == http.StatusForbidden
	tooLarge := code == http.StatusRequestEntityTooLarge || code == http.StatusInsufficientStorage
	switch {
	case forbidden && t.user == "":
		return fmt.Errorf("%s: it needs a login: log in with docker login %[1]s or podman login %[1]s (%s)", t.host, said)
	case forbidden:
		return fmt.Errorf("%s refuses the login of %s: log in again with docker login %[1]s or podman login %[1]s (%[3]s)",
			t.host, t.user, said)
	case tooLarge || code >= 500 && full.MatchString(said):
		return fmt.Errorf("%s: it has no room for the blobs: free some space or allow larger blobs, and push again (%s)",
			t.host, said)
	}
	return fmt.Errorf("%s: it refuses the push: %s", t.host, said)
}

// absent reports whether a registry answered that it has no such tag. Some answer
// that it is forbidden to ask for one: force takes that as the same.
func absent(err error, force bool) bool {
	var status *transport.Error
	if !errors.As(err, &status) {
		return false
	}
	return status.StatusCode == http.StatusNotFound || force && status.StatusCode == http.StatusForbidden
}

var (
	userinfo = regexp.MustCompile(`://[^/@\s"]*@`)
	query    = regexp.MustCompile(`\?[^\s"]*`)
	full     = regexp.MustCompile(`no space left on device|\bErr:28\b`) // ENOSPC, in both forms that Docker's registry has
	header   = regexp.MustCompile(`(?i)\b(basic|bearer)\s+[A-Za-z0-9._~+/=-]{8,}`)
)

// scrub returns the first line of somebody else's text, at most 300 bytes, without the
// parts of URLs and headers that may hold secrets.
func scrub(text string) string {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	text = strings.TrimSpace(text)
	text = query.ReplaceAllString(userinfo.ReplaceAllString(text, "://"), "")
	text = header.ReplaceAllString(text, "$1 …")
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return text
}
