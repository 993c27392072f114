package registry

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// misled is the error of an address that a registry gave, and that this machine is not to
// use, or cannot.
type misled struct {
	url    *url.URL
	login  bool   // the address is for logins, else for blobs
	why    string // as "is plain HTTP"
	option string // what else can be done about it
}

func (e *misled) Error() string { return e.url.Host + " " + e.why }

// next returns where an upload goes on, from an answer's Location.
func (c *client) next(resp *http.Response) (*url.URL, error) {
	text := resp.Header.Get("Location")
	at, err := url.Parse(text)
	if text == "" || err != nil || !slices.Contains([]string{"", "http", "https"}, at.Scheme) {
		return nil, errors.New("it does not say where to send blobs: it speaks another protocol than a registry's, " +
			"or what is before it removes the header Location")
	}
	asked := resp.Request.URL
	at = asked.ResolveReference(at)
	if asked.Scheme == "https" && at.Scheme == "http" && at.Hostname() == asked.Hostname() && plainPort(at, asked) {
		at.Scheme, at.Host = asked.Scheme, asked.Host // the registry does not know that there is TLS before it
	}
	return at, c.reachable(at)
}

// plainPort reports whether an address without TLS has the port of the one with TLS, or
// none of its own.
func plainPort(at, asked *url.URL) bool {
	return at.Port() == "" || at.Port() == "80" || at.Port() == asked.Port()
}

// reachable returns an error if a registry may not lead to an address: to this machine or a
// private network, unless it is there itself.
func (t *target) reachable(at *url.URL) error {
	own, to := (&url.URL{Host: t.host}).Hostname(), at.Hostname()
	if to == own || !private(to) || local(own) || private(own) && !local(to) {
		return nil
	}
	return &misled{url: at, why: "is this machine or a private network, and the registry is not"}
}

// checkRealm is reachable for the address of logins that a challenge has. The library
// refuses some more, which it would not explain.
func (t *target) checkRealm(realm string, plain bool) error {
	at, err := url.Parse(realm)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return errors.New("it does not say where to log in: the realm of its tokens is not a URL")
	}
	if at.Scheme == "http" && !plain {
		return &misled{url: at, login: true, why: "is plain HTTP, and the registry is not"}
	}
	if at.Host == t.host {
		return nil
	}
	if err := t.reachable(at); err != nil {
		return &misled{url: at, login: true, why: "is this machine or a private network, and the registry is not"}
	}
	if private(at.Hostname()) && !strings.HasSuffix(at.Hostname(), "localhost") {
		return &misled{url: at, login: true, why: "is a private address, and not a name",
			option: ", by a host name"}
	}
	return nil
}

// private reports whether a host is this machine, or an address of a private network. What
// looks like a number, as 0x7f000001, counts as one: some systems take it as an address.
func private(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	host, _, _ = strings.Cut(host, "%")
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.Unmap()
		return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsLinkLocalMulticast() ||
			ip.IsUnspecified()
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	return last != "" && (strings.HasPrefix(last, "0x") || strings.Trim(last, "0123456789") == "")
}
