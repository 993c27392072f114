package registry

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/credentials"
	"github.com/docker/cli/cli/config/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/slipway-build/slipway/internal/run"
)

// logins are where docker login and podman login put logins, in the order in which they
// are read.
type logins struct {
	sources []loginSource

	mu      sync.Mutex
	answers map[[2]string]helped // of helpers, by name and registry
}

// A loginSource is a file of logins, or a variable with the text of one.
type loginSource struct {
	name string // of the file or the variable
	text string // of the variable
	must bool   // the user has named the file, so it has to exist
}

type helped struct {
	login types.AuthConfig
	err   error
}

// stored is a login, and the file or variable that it is from.
type stored struct {
	authn.AuthConfig
	source string
}

// Authorization returns the login.
func (s stored) Authorization() (*authn.AuthConfig, error) { return &s.AuthConfig, nil }

// Keychain returns the logins of Docker and Podman, from the files and variables of an
// environment, env with KEY=VALUE pairs. The first with a login for a repository counts:
//
//   - REGISTRY_AUTH_FILE, the name of a file
//   - DOCKER_AUTH_CONFIG, the text of a file
//   - config.json in DOCKER_CONFIG, or in HOME/.docker
//   - containers/auth.json in XDG_RUNTIME_DIR, or in /run/containers/UID
//   - containers/auth.json in XDG_CONFIG_HOME, or in HOME/.config
//
// A file may name helpers, docker-credential-NAME, which Docker's own code runs in the
// environment of the process. authn.DefaultKeychain would read the environment of the
// process, and ignore Podman's files if Docker has one.
func Keychain(env []string) authn.Keychain {
	get := run.Env(env).Get
	docker := cmp.Or(get("DOCKER_CONFIG"), get("HOME")+"/.docker")
	podman := "/run/containers/" + strconv.Itoa(os.Getuid()) + "/auth.json"
	if dir := get("XDG_RUNTIME_DIR"); dir != "" {
		podman = dir + "/containers/auth.json"
	}
	l := &logins{answers: map[[2]string]helped{}}
	if file := get("REGISTRY_AUTH_FILE"); file != "" {
		l.sources = append(l.sources, loginSource{name: file, must: true})
	}
	if text := get("DOCKER_AUTH_CONFIG"); text != "" {
		l.sources = append(l.sources, loginSource{name: "DOCKER_AUTH_CONFIG", text: text})
	}
	l.sources = append(l.sources, loginSource{name: docker + "/config.json"}, loginSource{name: podman},
		loginSource{name: cmp.Or(get("XDG_CONFIG_HOME"), get("HOME")+"/.config") + "/containers/auth.json"})
	return l
}

// Resolve returns the login for a registry or a repository, or authn.Anonymous. A source
// that cannot be read is an error only if no other has the login.
func (l *logins) Resolve(target authn.Resource) (authn.Authenticator, error) {
	var errs []error
	for _, s := range l.sources {
		found, err := l.read(s, target)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.name, err))
		}
		if holds(found.login) {
			return stored{authn.AuthConfig{
				Username: found.login.Username, Password: found.login.Password,
				IdentityToken: found.login.IdentityToken, RegistryToken: found.login.RegistryToken,
			}, found.source}, nil
		}
	}
	return authn.Anonymous, errors.Join(errs...)
}

// looked returns the sources that exist, for who has found no login in them.
func (l *logins) looked() []string {
	var out []string
	for _, s := range l.sources {
		if data, err := s.data(); err == nil && data != nil {
			out = append(out, s.name)
		}
	}
	return out
}

// data returns what a source has, nil if there is no such file.
func (s loginSource) data() ([]byte, error) {
	if s.text != "" {
		return []byte(s.text), nil
	}
	data, err := os.ReadFile(s.name)
	if errors.Is(err, fs.ErrNotExist) && !s.must {
		return nil, nil
	}
	var of *fs.PathError
	if errors.As(err, &of) {
		err = of.Err // the name is said by who calls
	}
	return data, err
}

// A found is a login, and where it is from.
type found struct {
	login  types.AuthConfig
	source string
}

// read returns the login of a source for target: of the helper of its registry, of the
// source itself, or of its helper for all.
func (l *logins) read(s loginSource, target authn.Resource) (found, error) {
	data, err := s.data()
	if err != nil || len(bytes.TrimSpace(data)) == 0 {
		return found{}, err
	}
	file, err := fileOf(data)
	if err != nil {
		return found{}, err
	}
	scopes := scopesOf(target)
	key, special := lookUp(file.Helpers, scopes, func(string) bool { return true })
	var helper error
	if name := file.Helpers[key]; special && name != "" {
		login, err := l.help(name, target)
		if helper = err; holds(login) {
			return found{login, "docker-credential-" + name + " of " + s.name}, nil
		}
	}
	if key, ok := lookUp(file.Auths, scopes, func(key string) bool { return file.Auths[key] != types.AuthConfig{} }); ok {
		login, err := decoded(file.Auths[key])
		if err != nil {
			return found{}, fmt.Errorf("auths, %s: %w", key, err)
		}
		if holds(login) {
			return found{login, s.name}, nil
		}
	}
	if special || file.Store == "" {
		return found{}, helper
	}
	login, err := l.help(file.Store, target)
	return found{login, "docker-credential-" + file.Store + " of " + s.name}, err
}

// A loginFile is what this package reads of a file of logins.
type loginFile struct {
	Auths   map[string]types.AuthConfig `json:"auths"`
	Helpers map[string]string           `json:"credHelpers"`
	Store   string                      `json:"credsStore"`
}

func fileOf(data []byte) (file loginFile, err error) {
	err = json.Unmarshal(data, &file)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok { // its text has types of Go
		err = fmt.Errorf("%s is of type %s", cmp.Or(wrong.Field, "all of it"), wrong.Value)
	}
	if err != nil {
		err = fmt.Errorf("it is not the JSON that docker login writes: %w", err)
	}
	return file, err
}

// help asks a helper for the login of a target's registry, once.
func (l *logins) help(name string, target authn.Resource) (types.AuthConfig, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	server := target.RegistryStr()
	if isHub(server) {
		server = authn.DefaultAuthKey
	}
	key := [2]string{name, server}
	answer, ok := l.answers[key]
	if !ok {
		answer.login, answer.err = credentials.NewNativeStore(configfile.New(""), name).Get(server)
		if answer.err != nil {
			answer.err = fmt.Errorf("docker-credential-%s: install or repair this helper, or remove it from there: %w",
				name, answer.err)
		}
		l.answers[key] = answer
	}
	return answer.login, answer.err
}

// holds reports whether a login is one.
func holds(l types.AuthConfig) bool {
	return l.Username != "" || l.IdentityToken != "" || l.RegistryToken != ""
}

// decoded returns a login with the user and the password of its field auth.
func decoded(login types.AuthConfig) (types.AuthConfig, error) {
	if login.Auth == "" {
		return login, nil
	}
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(login.Auth))
	user, password, ok := strings.Cut(string(data), ":")
	if err != nil || !ok || user == "" {
		return login, errors.New("auth is not USER:PASSWORD in base64: log in again")
	}
	login.Username, login.Password = user, strings.TrimRight(password, "\x00")
	return login, nil
}

// isHub reports whether a host is Docker Hub, by one of its names.
func isHub(host string) bool {
	return host == name.DefaultRegistry || host == "docker.io" || host == "registry-1.docker.io"
}

// scopesOf returns what a login for target may be for, from the repository up to the host.
func scopesOf(target authn.Resource) []string {
	host := target.RegistryStr()
	below := strings.TrimPrefix(strings.TrimPrefix(target.String(), host), "/")
	if isHub(host) {
		host = "docker.io"
	}
	var out []string
	for at := path.Join(host, below); at != host; at = path.Dir(at) {
		out = append(out, at)
	}
	return append(out, host)
}

// lookUp returns the key of a file for the first of some scopes that it has one for. Docker
// wrote URLs as keys, and writes one for Docker Hub still; Podman writes hosts, and has
// logins for repositories and for prefixes of them.
func lookUp[V any](entries map[string]V, scopes []string, counts func(key string) bool) (string, bool) {
	keys := slices.Sorted(maps.Keys(entries))
	for _, scope := range scopes {
		for _, exact := range []bool{true, false} {
			for _, key := range keys {
				if (key == scope) == exact && scopeOf(key) == scope && counts(key) {
					return key, true
				}
			}
		}
	}
	return "", false
}

// scopeOf returns what the login of a key is for, as scopesOf has it.
func scopeOf(key string) string {
	_, address, isURL := strings.Cut(key, "://")
	if !isURL {
		address = key
	}
	host, below, _ := strings.Cut(strings.TrimRight(address, "/"), "/")
	if isHub(host) {
		host = "docker.io"
	}
	if isURL || below == "v1" || below == "v2" {
		return host
	}
	return path.Join(host, below)
}
