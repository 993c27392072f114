package registry

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// explain returns an error that says what another one means and what to do. It
// repeats only what is known to hold no secret, and wraps nothing but the end of a
// context.
func (c *client) explain(ctx context.Context, err error) error {
	var (
		status *transport.Error
		cert   *tls.CertificateVerificationError
		many   *tooMany
		chunks *chunkError
		astray *misled
	)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", c.host, ctx.Err())
	case errors.As(err, &astray):
		return c.strayed(astray)
	case c.led(err) != nil:
		return c.strayed(c.led(err))
	case errors.As(err, &cert):
		return fmt.Errorf("%s: its certificate is not trusted: %s: renew it, add its authority to this machine's, or %s",
			c.host, cert.Err.Error(), c.words().Insecure)
	case errors.As(err, &many):
		return c.limited(many)
	case errors.As(err, &chunks):
		return fmt.Errorf("%s: it takes no more than %d bytes in one request, and no chunks (%s): "+
			"raise the limit of the registry or of the proxy before it, as client_max_body_size of nginx",
			c.host, chunks.limit, chunks.said)
	case errors.As(err, &status): // after the certificate: without a good one, HTTP may have been tried on this machine
		return c.refused(status)
	}
	return fmt.Errorf("%s: %s", c.host, c.connection(err))
}

// connection says what an error of the connection means.
func (c *client) connection(err error) string {
	var dns *net.DNSError
	var sent *url.Error
	switch {
	case errors.Is(err, http.ErrSchemeMismatch):
		return "it speaks plain HTTP, not HTTPS: " + c.words().Insecure
	case errors.As(err, &dns) && dns.IsNotFound && !c.named(dns.Name):
		return fmt.Sprintf("it leads to %s, which is a host that this machine does not find", dns.Name)
	case errors.As(err, &dns) && dns.IsNotFound:
		return "no such host: check how " + c.words().Registry + " is spelled"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "it refuses connections: check that the registry runs, and that " + c.words().Registry + " has its port"
	case errors.As(err, &sent):
		return "the connection failed: " + scrub(sent.Err.Error())
	}
	return scrub(err.Error())
}

// led returns what is wrong with an address that is not the registry's, nil if the registry
// led to none that failed.
func (c *client) led(err error) *misled {
	var sent *url.Error
	if !errors.As(err, &sent) {
		return nil
	}
	at, parsed := url.Parse(sent.URL)
	if parsed != nil || at.Host == "" || c.owns(at) {
		return c.led(sent.Err)
	}
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	out := &misled{url: at, login: sent.Op == "Get" || sent.Op == "Post"}
	switch {
	case errors.Is(err, errPlain):
		out.why, out.option = "is plain HTTP", ", or "+c.words().Insecure
	case errors.As(err, &dns):
		out.why = "is a host that this machine does not find"
	case errors.Is(err, syscall.ECONNREFUSED):
		out.why = "refuses connections"
	case errors.As(err, &cert):
		out.why = "has a certificate that is not trusted: " + cert.Err.Error()
	default:
		out.why = "does not answer: " + scrub(sent.Err.Error())
	}
	return out
}

// owns reports whether an address is the registry's.
func (c *client) owns(at *url.URL) bool { return at.Host == c.host || at.Host == c.repo.RegistryStr() }

// named reports whether a host, without its port, is the registry's.
func (c *client) named(host string) bool {
	return slices.ContainsFunc([]string{c.host, c.repo.RegistryStr()}, func(own string) bool {
		return (&url.URL{Host: own}).Hostname() == host
	})
}

// strayed explains an address that a registry gave.
func (c *client) strayed(e *misled) error {
	at := &url.URL{Scheme: e.url.Scheme, Host: e.url.Host, Path: e.url.Path}
	if e.login {
		return fmt.Errorf("%s: it has logins sent to %s, which %s: set the realm of its tokens, "+
			"auth.token.realm of Docker's registry, to an address that its users reach%s", c.host, at, e.why, e.option)
	}
	return fmt.Errorf("%s: it has blobs sent to %s, which %s: have it give addresses that its users reach, "+
		"by http.relativeurls or http.host of Docker's registry, or have the proxy before it pass on the headers "+
		"Host and X-Forwarded-Proto%s", c.host, at, e.why, e.option)
}

// limited explains that a registry had too many requests for too long.
func (c *client) limited(e *tooMany) error {
	later := "later"
	if e.after > 0 {
		later = "in " + e.after.String()
	}
	login := ""
	if c.login.user == "" {
		login = ", or log in, as some registries allow those who do more"
	}
	return fmt.Errorf("%s: it takes no more requests for now (%s): push again %s%s; what it has is not sent again",
		c.host, e.said, later, login)
}

// refused is explain for a registry's answer.
func (c *client) refused(e *transport.Error) error {
	said := told(e)
	code := e.StatusCode
	forbidden := code == http.StatusUnauthorized || code == http.StatusForbidden
	sends := e.Request.Method == http.MethodPatch || e.Request.Method == http.MethodPut
	switch {
	case forbidden && sends && !c.owns(e.Request.URL):
		return c.strayed(&misled{url: e.Request.URL,
			why: "refuses them (" + said + "), and gets no login, as it is another host"})
	case forbidden && c.login.user == "":
		if l, ok := c.Keychain.(*logins); ok && len(l.looked()) > 0 {
			said += "; there is none for it in " + strings.Join(l.looked(), ", ")
		}
		return fmt.Errorf("%s: it needs a login: log in with docker login %[1]s or podman login %[1]s (%s)", c.host, said)
	case forbidden:
		if c.login.source != "" {
			said += "; the login is from " + c.login.source
		}
		return fmt.Errorf("%s refuses the login of %s: log in again with docker login %[1]s or podman login %[1]s (%[3]s)",
			c.host, c.login.user, said)
	case !strings.Contains(e.Request.URL.Path, "/v2/"):
		return c.strayed(&misled{url: e.Request.URL, login: true, why: "answers with " + said})
	case says(e, transport.NameUnknownErrorCode):
		return fmt.Errorf("%s: it has no repository %s, and makes none for a push: create it there, and push again (%s)",
			c.host, c.repo.RepositoryStr(), said)
	case says(e, transport.ManifestBlobUnknownErrorCode):
		return fmt.Errorf("%s: it said that it has the blobs, and now that it has not: check its storage, "+
			"restart it if it removed blobs while it ran, and push again (%s)", c.host, said)
	case refusesFormat(e):
		return &FormatError{Host: c.host, MediaType: e.Request.Header.Get("Content-Type"), Said: said}
	case code == http.StatusRequestEntityTooLarge:
		return fmt.Errorf("%s: it takes no request of %d bytes (%s): raise the limit of the registry or of the proxy "+
			"before it, as client_max_body_size of nginx", c.host, e.Request.ContentLength, said)
	case code == http.StatusInsufficientStorage || code >= 500 && full.MatchString(said):
		return fmt.Errorf("%s: it has no room for the blobs: free some space or allow larger blobs, and push again (%s)",
			c.host, said)
	}
	return fmt.Errorf("%s: it refuses %s: %s", c.host, asked(e.Request), said)
}

// asked returns what a request was for.
func asked(r *http.Request) string {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return "to have " + r.URL.Path + " read"
	}
	return "the push"
}

// says reports whether a registry's answer has a code.
func says(e *transport.Error, code transport.ErrorCode) bool {
	return slices.ContainsFunc(e.Errors, func(d transport.Diagnostic) bool { return d.Code == code })
}

// told returns what a registry's answer says, without secrets.
func told(e *transport.Error) string {
	said := strings.TrimSpace(fmt.Sprintf("%d %s", e.StatusCode, http.StatusText(e.StatusCode)))
	for _, d := range e.Errors {
		said += strings.TrimRight(fmt.Sprintf(", %s: %s", cmp.Or(d.Code, "UNKNOWN"), d.Message), ": ")
		if e.StatusCode >= 500 && d.Detail != nil { // where Docker's registry has the error itself
			said += fmt.Sprintf(" (%v)", d.Detail)
		}
	}
	if _, text, ok := strings.Cut(e.Error(), said+": "); ok && len(e.Errors) == 0 && !strings.HasPrefix(text, "<") {
		said += ", " + text
	}
	return scrub(said)
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
