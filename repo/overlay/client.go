package overlay

// A Client is a host that gets its ebuilds from a repository.
type Client struct {
	Name   string // of the overlay: profiles/repo_name
	URL    string // of the whole repository: https://packages.example.org
	Branch string // "" is HEAD
	Key    string // the file of the public key on the host; "" has Portage verify nothing
}

// ReposConf returns the host's /etc/portage/repos.conf/NAME.conf.
func (c Client) ReposConf() []byte { return nil }
