package registry

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"strings"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/slipway-build/slipway/internal/run"
)

// logins are files that docker login and podman login write, in the order in which they are asked.
type logins []string

// Keychain returns the logins in the files that env, KEY=VALUE pairs, leads to: REGISTRY_AUTH_FILE,
// config.json of DOCKER_CONFIG or else of HOME/.docker, and containers/auth.json of XDG_RUNTIME_DIR,
// and of XDG_CONFIG_HOME or else of HOME/.config. The first that has one for a registry counts.
// authn.DefaultKeychain would read the process's environment, and not ask Podman's
// files where there is any of Docker's. Docker's own code asks credential helpers, which
// see the process's environment, and looks there for DOCKER_AUTH_CONFIG, too.
func Keychain(env []string) authn.Keychain {
	get := run.Env(env).Get
	docker := cmp.Or(get("DOCKER_CONFIG"), get("HOME")+"/.docker")
	podman := cmp.Or(get("XDG_CONFIG_HOME"), get("HOME")+"/.config")
	return logins{get("REGISTRY_AUTH_FILE"), docker + "/config.json", get("XDG_RUNTIME_DIR") + "/containers/auth.json", podman + "/containers/auth.json"}
}

// Resolve returns the login for a registry or a repository, authn.Anonymous if there is
// none. A file that cannot be used is an error only if no other one has the login.
func (l logins) Resolve(target authn.Resource) (authn.Authenticator, error) {
	var errs []error
	for _, file := range l {
		login, err := read(file, target)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", file, err))
		}
		login.ServerAddress = ""
		if err == nil && login != (types.AuthConfig{}) {
			return authn.FromConfig(authn.AuthConfig{
				Username: login.Username, Password: login.Password, IdentityToken: login.IdentityToken, RegistryToken: login.RegistryToken,
			}), nil
		}
	}
	return authn.Anonymous, errors.Join(errs...)
}

// read returns the login that a file, or a helper that it names, has for target.
func read(file string, target authn.Resource) (types.AuthConfig, error) {
	in, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return types.AuthConfig{}, nil
	} else if err != nil {
		return types.AuthConfig{}, err
	}
	defer in.Close()
	cf, err := config.LoadFromReader(in)
	if err != nil {
		return types.AuthConfig{}, err
	}
	full, host, key := target.String(), target.RegistryStr(), target.RegistryStr()
	if host == name.DefaultRegistry { // Podman and Docker have other names for it
		full, host, key = strings.Replace(full, host, "docker.io", 1), "docker.io", authn.DefaultAuthKey
	}
	// Podman has logins for repositories and what is above them, too. Docker's
	// code would take any of those for the host's.
	for at := full; ; at = path.Dir(at) {
		if login := cf.AuthConfigs[at]; login.Username != "" || login.IdentityToken != "" || login.RegistryToken != "" {
			return login, nil
		}
		if at == host {
			break
		}
	}
	maps.DeleteFunc(cf.AuthConfigs, func(key string, _ types.AuthConfig) bool {
		return strings.Contains(key, "/") && !strings.Contains(key, "://")
	})
	return cf.GetAuthConfig(key)
}
