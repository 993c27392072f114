package registry

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// Words are how errors call what a person sets; what is empty is a flag of mage push.
type Words struct {
	Registry string // where the registry's name is: -registry
	Insecure string // what to do if it has no good certificate: push with -insecure if that is intended
}

func (p Pusher) words() Words {
	return Words{
		Registry: cmp.Or(p.Words.Registry, "-registry"),
		Insecure: cmp.Or(p.Words.Insecure, "push with -insecure if that is intended"),
	}
}

// CheckNames returns an error if images cannot be pushed to those registries, by the name
// of one and its tag.
func (p Pusher) CheckNames(repository, tag string) error {
	for _, prefix := range p.Registries {
		host, err := hostOf(prefix)
		if err == nil {
			_, err = p.tag(host, strings.TrimSuffix(prefix, "/")+"/"+repository+":"+tag)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// CheckName returns an error if a repository with its host, as in
// registry.example.org/acme/packages, or a tag or a digest in it, cannot be called so.
func (p Pusher) CheckName(repository, reference string) error {
	host, err := hostOf(repository)
	if err != nil {
		return err
	}
	if strings.HasPrefix(reference, "sha256:") {
		_, err = name.NewDigest(repository+"@"+reference, name.StrictValidation)
		return err
	}
	_, err = p.tag(host, repository+":"+reference)
	return err
}

// Same reports whether two prefixes of repositories are one place: docker.io/team and
// index.docker.io/team/ are.
func Same(a, b string) bool { return place(a) == place(b) }

// place returns the one name of a prefix of repositories.
func place(prefix string) string {
	if prefix == "" {
		return ""
	}
	repo, err := name.NewRepository(path.Join(prefix, "image"))
	if err != nil {
		return prefix
	}
	return path.Dir(repo.Name())
}

// hostOf returns the host of a registry's prefix, with its port.
func hostOf(prefix string) (string, error) {
	host, _, _ := strings.Cut(prefix, "/")
	switch {
	case strings.Contains(prefix, "@"): // the error does not repeat it, as it may hold a password
		return "", errors.New("a registry's name has an @: " +
			"want one like registry.example.org/team; log in with docker login or podman login")
	case strings.Contains(prefix, "://") || host != "localhost" && !strings.ContainsAny(host, ".:"):
		return "", fmt.Errorf("registry %q: want a host without https://, "+
			"such as registry.example.org/team or docker.io/team", prefix)
	}
	return host, nil
}

// tag returns the tag on a host that has the full name.
func (p Pusher) tag(host, full string) (name.Tag, error) {
	options := []name.Option{name.StrictValidation}
	if p.Insecure || local(host) {
		options = append(options, name.Insecure)
	}
	tag, err := name.NewTag(full, options...)
	if err != nil {
		return tag, fmt.Errorf("%s: %w", full, err)
	}
	return tag, nil
}
