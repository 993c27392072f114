package overlay

import (
	"fmt"
	"strings"
)

// A Client is a host that gets its ebuilds from a repository.
type Client struct {
	Name   string // of the overlay: profiles/repo_name
	URL    string // of the whole repository: https://packages.example.org
	Branch string // "" is HEAD
	Key    string // the file of the public key on the host; "" has Portage verify nothing
}

// ReposConf returns the host's /etc/portage/repos.conf/NAME.conf. A repository that is files on
// a web server has no shallow clones, which Portage makes unless told.
func (c Client) ReposConf() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "[%s]\nlocation = /var/db/repos/%[1]s\nsync-type = git\nsync-uri = %s/%s\n",
		c.Name, strings.TrimSuffix(c.URL, "/"), Dir)
	b.WriteString("clone-depth = 0\nsync-depth = 0\nauto-sync = yes\n")
	if c.Branch != "" {
		fmt.Fprintf(&b, "sync-git-clone-extra-opts = --branch %s\n", c.Branch)
	}
	if c.Key != "" {
		fmt.Fprintf(&b, "sync-git-verify-commit-signature = yes\nsync-openpgp-key-path = %s\n", c.Key)
		// The key comes with what the repository publishes, and no keyserver has to have it.
		b.WriteString("sync-openpgp-key-refresh = no\n")
	}
	return []byte(b.String())
}
