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

// logins are the files that docker login and podman login write, in the order in which
// they are read.
type logins []string

// Keychain returns the logins of Docker and Podman, from the files that an environment,
// env with KEY=VALUE pairs, points to. The first file with a login for a registry counts:
//
//   - REGISTRY_AUTH_FILE
//   - config.json in DOCKER_CONFIG, or in HOME/.docker
//   - containers/auth.json in XDG_RUNTIME_DIR
//   - containers/auth.json in XDG_CONFIG_HOME, or in HOME/.config
//
// authn.DefaultKeychain would read the environment of the process, and ignore Podman's
// files if Docker has one. Docker's own code runs credential helpers in the environment
// of the process, and reads DOCKER_AUTH_CONFIG there, too.
func Keychain(env []string) authn.Keychain {
	get := run.Env(env).Get
	docker := cmp.Or(get("DOCKER_CONFIG"), get("HOME")+"/.docker")
	podman := cmp.Or(get("XDG_CONFIG_HOME"), get("HOME")+"/.config")
	return logins{
		get("REGISTRY_AUTH_FILE"), docker + "/config.json",
		get("XDG_RUNTIME_DIR") + "/containers/auth.json", podman + "/containers/auth.json",
	}
}

// Resolve returns the login for a registry or a repository, or authn.Anonymous. A file
// that cannot be read is an error only if no other has the login.
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
				Username: login.Username, Password: login.Password,
				IdentityToken: login.IdentityToken, RegistryToken: login.RegistryToken,
			}), nil
		}
	}
	return authn.Anonymous, errors.Join(errs...)
}

// read returns the login for target of a file, or of a helper that the file names.
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
	// Podman also has logins for repositories and for prefixes of them. Docker's code
	// would take any of those for the host's.
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
