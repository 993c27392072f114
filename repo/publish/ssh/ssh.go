// Package ssh publishes a repository to a folder of another host, over ssh.
package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/shell"
	"github.com/slipway-build/slipway/repo/publish"
)

// A Host is a target. All that is done there goes over one connection, which ends with this process.
type Host struct {
	url      *url.URL
	root     string // the folder
	options  publish.Options
	dir      string   // for the connection's socket, and what is sent
	args     []string // ssh and its options
	hasFlock bool
	made     atomic.Bool // the folder is there

	hangUp io.Closer     // ends the connection
	ended  chan struct{} // closed when it has
}

// longestSocket is how long the path of a socket may be, less what ssh adds while it makes it.
const longestSocket = 104 - 18

// Open connects to the host that u names, as ssh://user@host:port/srv/repo does. The rest is as
// the user's ssh is set up; it never asks for a password.
func Open(ctx context.Context, u *url.URL, o publish.Options) (publish.Target, error) {
	if err := check(u); err != nil {
		return nil, err
	}
	for _, tool := range []string{"ssh", "rsync"} {
		if _, err := o.Env.LookPath(tool); err != nil {
			return nil, fmt.Errorf("%s: publishing over ssh needs ssh and rsync on this machine: %w", u, err)
		}
	}
	dir, err := os.MkdirTemp(o.Scratch, "ssh")
	if err == nil && len(filepath.Join(dir, "socket")) > longestSocket {
		_ = os.Remove(dir)
		dir, err = os.MkdirTemp("/tmp", "ssh")
	}
	if err != nil {
		return nil, err
	}
	h := &Host{url: u, root: strings.TrimSuffix(u.Path, "/"), options: o, dir: dir, args: arguments(u, dir)}
	if err := h.connect(ctx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return h, nil
}

// check refuses URLs that do not name a folder of a host.
func check(u *url.URL) error {
	const form = "ssh://user@host:port/srv/repo"
	_, password := u.User.Password()
	switch {
	case u.Scheme != "ssh" || u.Hostname() == "":
		return fmt.Errorf("%s: a folder of another host is named as %s", u.Redacted(), form)
	case password:
		return fmt.Errorf("%s: a password in a URL would be seen by others: log in with a key", u.Redacted())
	case strings.HasPrefix(u.Hostname(), "-") || strings.HasPrefix(u.User.Username(), "-"):
		return fmt.Errorf("%s: ssh would take this for an option", u)
	case strings.Trim(u.Path, "/") == "":
		return fmt.Errorf("%s: the URL is without the folder on the host: %s", u, form)
	case strings.ContainsFunc(u.Path, func(r rune) bool { return r < ' ' }):
		return fmt.Errorf("%q: the name of the folder has a control character", u.Path)
	case u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("%s: after the folder's name there can be nothing: %s", u, form)
	}
	return nil
}

// arguments returns ssh and its options.
func arguments(u *url.URL, dir string) []string {
	args := []string{"ssh", "-T", "-oBatchMode=yes", "-oConnectTimeout=30", "-oServerAliveInterval=15",
		"-oClearAllForwardings=yes", "-oControlPath=" + filepath.Join(dir, "socket")}
	if port := u.Port(); port != "" {
		args = append(args, "-p"+port)
	}
	if user := u.User.Username(); user != "" {
		args = append(args, "-l"+user)
	}
	return args
}

// String returns the URL.
func (h *Host) String() string { return h.url.String() }

// Limits says what the host is without.
func (h *Host) Limits() []string {
	if h.hasFlock {
		return nil
	}
	return []string{fmt.Sprintf("%s has no flock: a publisher that is killed while it changes files leaves the "+
		"folder %s/state/lock.d, which has to be removed by hand", h.url.Host, h.root)}
}

// Close ends the connection.
func (h *Host) Close() error {
	err := h.hangUp.Close()
	<-h.ended
	return errors.Join(err, os.RemoveAll(h.dir))
}

// connect starts the connection that all others share, and finds out what the host has.
func (h *Host) connect(ctx context.Context) error {
	stays, hangUp, err := os.Pipe()
	if err != nil {
		return err
	}
	h.hangUp, h.ended = hangUp, make(chan struct{})
	said := &greeting{whole: make(chan struct{})}
	var failed error
	go func() {
		defer close(h.ended)
		defer stays.Close()
		args := append(append(h.args[:len(h.args):len(h.args)], "-oControlMaster=yes"), "--", h.url.Hostname(), remote(greet))
		// The connection outlives the call that makes it: it ends when the pipe does.
		failed = h.options.Run.Run(context.WithoutCancel(ctx),
			run.Cmd{Args: args, Env: h.options.Env, Stdin: stays, Stdout: said})
	}()
	select {
	case <-ctx.Done():
		return errors.Join(context.Cause(ctx), hangUp.Close())
	case <-h.ended:
		return errors.Join(h.explain("connecting", failed), hangUp.Close())
	case <-said.whole:
	}
	has := said.has()
	h.hasFlock = has["flock"]
	for _, tool := range []string{"rsync", "sha256sum"} {
		if !has[tool] {
			return errors.Join(fmt.Errorf("%s: the host has no %s: install it there", h, tool), h.Close())
		}
	}
	return nil
}

// remote returns a script as the one command of ssh, whatever shell the user has on the host.
func remote(script string) string { return "exec sh -c " + shell.Quote(strings.TrimSpace(script)) }

// run runs a script in the repository's folder on the host, which it is given as $root.
func (h *Host) run(ctx context.Context, doing, script, input string) (string, error) {
	script = "root=" + shell.Quote(h.root) + "; " + script
	args := append(h.args[:len(h.args):len(h.args)], "-oControlMaster=no", "--", h.url.Hostname(), remote(script))
	out, err := h.options.Run.Output(ctx, run.Cmd{Args: args, Env: h.options.Env, Stdin: strings.NewReader(input)})
	if err != nil {
		return "", h.explain(doing, err)
	}
	return string(out), nil
}

// explain makes an error of what a subprocess said, without the script that it ran.
func (h *Host) explain(doing string, err error) error {
	var failed *run.Error
	if errors.As(err, &failed) {
		if said := strings.TrimSpace(failed.Output); said != "" {
			err = errors.New(said)
		} else {
			err = failed.Err
		}
	}
	if err == nil {
		err = errors.New("the connection ended")
	}
	return fmt.Errorf("%s: %s: %w", h, doing, err)
}

// address is the host as rsync takes it.
func (h *Host) address() string {
	host := h.url.Hostname()
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil || strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}
