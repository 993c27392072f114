package registry

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// auths is a file of logins, each of a key and a user.
func auths(pairs ...string) string {
	var entries []string
	for i := 0; i < len(pairs); i += 2 {
		auth := base64.StdEncoding.EncodeToString([]byte(pairs[i+1] + ":" + password))
		entries = append(entries, `"`+pairs[i]+`":{"auth":"`+auth+`"}`)
	}
	return `{"auths":{` + strings.Join(entries, ",") + `}}`
}

// files are the contents of files, by path.
type files map[string]string

// write writes the files below a dir.
func (f files) write(t *testing.T, dir string) {
	t.Helper()
	for at, data := range f {
		at = filepath.Join(dir, at)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(data), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func TestKeychain(t *testing.T) {
	const host = "registry.example.org"
	const docker, podman, run = ".docker/config.json", ".config/containers/auth.json", "run/containers/auth.json"
	mate, crew := auths(host, "mate"), auths(host, "crew")
	for _, c := range []struct {
		name  string
		env   string // @ is the dir of the files
		files files
		repo  string
		want  string // the user
	}{
		{"nothing", "HOME=@", files{}, host + "/team/kubelet", ""},
		{"an empty environment", "", files{}, host + "/team/kubelet", ""},
		{"Docker's", "HOME=@", files{docker: mate}, host + "/team/kubelet", "mate"},
		{"Docker's of old", "HOME=@", files{docker: auths("https://"+host+"/v1/", "mate")}, host + "/team/kubelet", "mate"},
		{"DOCKER_CONFIG", "HOME=@ DOCKER_CONFIG=@/d",
			files{docker: crew, "d/config.json": mate}, host + "/kubelet", "mate"},
		{"Podman's", "HOME=@ XDG_RUNTIME_DIR=@/run", files{run: mate}, host + "/kubelet", "mate"},
		{"Podman's on a Mac", "HOME=@", files{podman: mate}, host + "/kubelet", "mate"},
		{"XDG_CONFIG_HOME", "HOME=@ XDG_CONFIG_HOME=@/x",
			files{"x/containers/auth.json": mate}, host + "/kubelet", "mate"},
		{"REGISTRY_AUTH_FILE", "HOME=@ REGISTRY_AUTH_FILE=@/a.json",
			files{docker: crew, "a.json": mate}, host + "/kubelet", "mate"},
		{"Podman's beside Docker's of others", "HOME=@ XDG_RUNTIME_DIR=@/run",
			files{docker: auths("other.example.org", "crew"), run: mate}, host + "/kubelet", "mate"},
		{"DOCKER_AUTH_CONFIG, without a file", "HOME=@ DOCKER_AUTH_CONFIG=" + mate, files{}, host + "/kubelet", "mate"},
		{"DOCKER_AUTH_CONFIG before a file", "HOME=@ DOCKER_AUTH_CONFIG=" + mate,
			files{docker: crew}, host + "/kubelet", "mate"},
		{"DOCKER_AUTH_CONFIG of others", "HOME=@ DOCKER_AUTH_CONFIG=" + auths("other.example.org", "crew"),
			files{docker: mate}, host + "/kubelet", "mate"},
		{"DOCKER_AUTH_CONFIG with a helper", `HOME=@ DOCKER_AUTH_CONFIG={"credHelpers":{"` + host + `":"bottle"}}`,
			files{docker: crew}, host + "/kubelet", "helped"},
		{"REGISTRY_AUTH_FILE before DOCKER_AUTH_CONFIG",
			"HOME=@ REGISTRY_AUTH_FILE=@/a.json DOCKER_AUTH_CONFIG=" + crew, files{"a.json": mate}, host + "/kubelet", "mate"},
		{"an empty file", "HOME=@ XDG_RUNTIME_DIR=@/run", files{docker: "", run: mate}, host + "/kubelet", "mate"},
		{"Podman's beside a broken one", "HOME=@ XDG_RUNTIME_DIR=@/run",
			files{docker: "{", run: mate}, host + "/kubelet", "mate"},
		{"Podman's of a team", "HOME=@ XDG_RUNTIME_DIR=@/run",
			files{run: auths(host, "crew", host+"/team", "mate", host+"/other", "crew")}, host + "/team/kubelet", "mate"},
		{"Podman's of another team", "HOME=@ XDG_RUNTIME_DIR=@/run",
			files{run: auths(host+"/other", "crew")}, host + "/team/kubelet", ""},
		{"Podman's of a repository", "HOME=@ XDG_RUNTIME_DIR=@/run",
			files{run: auths(host, "crew", host+"/team", "crew", host+"/team/kubelet", "mate")},
			host + "/team/kubelet", "mate"},
		{"Podman's of a name that begins alike", "HOME=@ XDG_RUNTIME_DIR=@/run",
			files{run: auths(host+"/team/kube", "crew", host, "mate")}, host + "/team/kubelet", "mate"},
		{"another port", "HOME=@", files{docker: auths(host+":5000", "crew")}, host + "/kubelet", ""},
		{"a port", "HOME=@", files{docker: auths(host+":5000", "mate", host, "crew")}, host + ":5000/kubelet", "mate"},
		{"a URL with a port", "HOME=@", files{docker: auths("http://"+host+":5000", "mate")}, host + ":5000/kubelet", "mate"},
		{"a slash at the end", "HOME=@", files{docker: auths(host+"/", "mate")}, host + "/kubelet", "mate"},
		{"Docker Hub, by its host", "HOME=@",
			files{docker: auths("index.docker.io", "mate")}, "docker.io/team/kubelet", "mate"},
		{"Docker Hub, by the registry's host", "HOME=@",
			files{docker: auths("https://registry-1.docker.io/v2/", "mate")}, "docker.io/team/kubelet", "mate"},
		{"Docker Hub as the registry's host", "HOME=@",
			files{docker: auths("https://index.docker.io/v1/", "mate")}, "registry-1.docker.io/team/kubelet", "mate"},
		{"Docker Hub, of a team", "HOME=@",
			files{podman: auths("docker.io", "crew", "docker.io/team", "mate")}, "docker.io/team/kubelet", "mate"},
		{"Docker Hub, by a helper", "HOME=@",
			files{docker: `{"credHelpers":{"https://index.docker.io/v1/":"bottle"}}`}, "docker.io/team/kubelet", "helped"},
		{"fields instead of auth", "HOME=@",
			files{docker: `{"auths":{"` + host + `":{"username":"mate","password":"` + password + `"}}}`},
			host + "/kubelet", "mate"},
		{"Docker Hub, by Docker", "HOME=@",
			files{docker: auths("https://index.docker.io/v1/", "mate")}, "docker.io/team/kubelet", "mate"},
		{"Docker Hub, by Podman", "HOME=@", files{podman: auths("docker.io", "mate")}, "docker.io/team/kubelet", "mate"},
		{"a helper", "HOME=@",
			files{docker: `{"auths":{"` + host + `":{}},"credsStore":"bottle"}`}, host + "/kubelet", "helped"},
		{"a registry's helper", "HOME=@",
			files{docker: `{"credHelpers":{"` + host + `":"bottle"}}`}, host + "/kubelet", "helped"},
		{"a registry's helper before a login", "HOME=@",
			files{docker: `{"credHelpers":{"` + host + `":"bottle"},` + crew[1:]}, host + "/kubelet", "helped"},
		{"a login beside a helper that is missing", "HOME=@",
			files{docker: `{"credsStore":"nothing",` + mate[1:]}, host + "/kubelet", "mate"},
		{"a registry without the helper of all others", "HOME=@",
			files{docker: `{"credsStore":"nothing","credHelpers":{"` + host + `":""}}`}, host + "/kubelet", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			const answer = `{"ServerURL":"","Username":"helped","Secret":"` + password + `"}`
			c.files["bin/docker-credential-bottle"] = "#!/bin/sh\necho '" + answer + "'\n"
			c.files.write(t, dir)
			t.Setenv("PATH", filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
			t.Setenv("DOCKER_CONFIG", "/nowhere") // what the process has is not asked
			t.Setenv("DOCKER_AUTH_CONFIG", auths(host, "nobody"))
			repo, err := name.NewRepository(c.repo)
			if err != nil {
				t.Fatal(err)
			}
			auth, err := Keychain(strings.Fields(strings.ReplaceAll(c.env, "@", dir))).Resolve(repo)
			if err != nil {
				t.Fatal(err)
			}
			got, err := authn.Authorization(t.Context(), auth)
			if err != nil || got.Username != c.want || (got.Password == password) != (c.want != "") {
				t.Errorf("Resolve(%s) is %q (%v), want %q, with its password", repo, got.Username, err, c.want)
			}
		})
	}
}

// TestKeychainThatFails holds that what cannot be read is not taken for something without
// logins, and is named, unless the login is elsewhere.
func TestKeychainThatFails(t *testing.T) {
	const host = "registry.example.org"
	const docker = ".docker/config.json"
	const noJSON = ": it is not the JSON that docker login writes: "
	broken := `{"auths":{"` + host + `":{"auth":"` + password + `"`
	for _, c := range []struct {
		name  string
		env   string // @ is the dir of the files
		files files
		want  string // the error begins with it
	}{
		{"a file that ends early", "HOME=@", files{docker: broken}, "@/" + docker + noJSON},
		{"a file of something else", "HOME=@", files{docker: "[]"}, "@/" + docker + noJSON + "all of it is of type array"},
		{"a list of logins", "HOME=@", files{docker: `{"auths": []}`}, "@/" + docker + noJSON + "auths is of type array"},
		{"a variable that ends early", "HOME=@ DOCKER_AUTH_CONFIG=" + broken, files{},
			"DOCKER_AUTH_CONFIG" + noJSON},
		{"no base64", "HOME=@", files{docker: `{"auths":{"` + host + `":{"auth":"` + password + `!"}}}`},
			"@/" + docker + ": auths, " + host + ": auth is not USER:PASSWORD in base64: log in again"},
		{"no user", "HOME=@ DOCKER_AUTH_CONFIG=" + `{"auths":{"` + host + `":{"auth":"bm9ib2R5"}}}`, files{},
			"DOCKER_AUTH_CONFIG: auths, " + host + ": auth is not USER:PASSWORD in base64: log in again"},
		{"no file", "HOME=@ REGISTRY_AUTH_FILE=@/auth.json", files{}, "@/auth.json: no such file or directory"},
		{"a dir", "HOME=@ REGISTRY_AUTH_FILE=@", files{}, "@: is a directory"},
		{"no helper", "HOME=@", files{docker: `{"credsStore":"nothing"}`},
			"@/" + docker + ": docker-credential-nothing: install or repair this helper, or remove it from there: "},
		{"no helper of the registry", "HOME=@", files{docker: `{"credHelpers":{"` + host + `":"nothing"}}`},
			"@/" + docker + ": docker-credential-nothing: "},
		{"a helper that fails", "HOME=@", files{docker: `{"credsStore":"sunk"}`},
			"@/" + docker + ": docker-credential-sunk: "},
		{"a helper that says nothing", "HOME=@", files{docker: `{"credsStore":"mute"}`},
			"@/" + docker + ": docker-credential-mute: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			c.files["bin/docker-credential-sunk"] = "#!/bin/sh\nexit 3\n"
			c.files["bin/docker-credential-mute"] = "#!/bin/sh\n"
			c.files.write(t, dir)
			t.Setenv("PATH", filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
			repo, err := name.NewRepository(host + "/team/kubelet")
			if err != nil {
				t.Fatal(err)
			}
			env := strings.Fields(strings.ReplaceAll(c.env, "@", dir))
			_, err = Keychain(env).Resolve(repo)
			want := strings.ReplaceAll(c.want, "@", dir)
			if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), password) {
				t.Errorf("Resolve() = %v, want %s, and no password", err, want)
			}
			file := write(t, dir, "elsewhere.json", []byte(auths(host, "mate")))
			if _, err := Keychain(append([]string{"REGISTRY_AUTH_FILE=" + file}, env[0])).Resolve(repo); err != nil {
				t.Errorf("with the login elsewhere: %v", err)
			}
		})
	}
}

// TestLoginsAreNamed holds that a refused login is told with where it is from.
func TestLoginsAreNamed(t *testing.T) {
	dir := t.TempDir()
	f := serve(t)
	f.fault = wantsLogin
	wrong := auths(f.host, "crew")
	file := write(t, dir, "auth.json", []byte(wrong))
	other := write(t, dir, "other.json", []byte(auths("other.example.org", "mate")))
	files{"docker-credential-bottle": "#!/bin/sh\necho '{\"Username\":\"helped\",\"Secret\":\"x\"}'\n"}.write(t, dir)
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	for env, want := range map[string]string{
		"REGISTRY_AUTH_FILE=" + file: "refuses the login of crew: log in again with docker login HOST or podman login HOST " +
			"(401 Unauthorized, UNAUTHORIZED: authentication required; the login is from " + file + ")",
		"DOCKER_AUTH_CONFIG=" + wrong:                "authentication required; the login is from DOCKER_AUTH_CONFIG)",
		`DOCKER_AUTH_CONFIG={"credsStore":"bottle"}`: "the login is from docker-credential-bottle of DOCKER_AUTH_CONFIG)",
		"REGISTRY_AUTH_FILE=" + other: "it needs a login: log in with docker login HOST or podman login HOST " +
			"(401 Unauthorized, UNAUTHORIZED: authentication required; there is none for it in " + other + ")",
	} {
		p := f.pusher()
		p.Keychain = Keychain([]string{"HOME=" + dir, "XDG_RUNTIME_DIR=" + dir, env})
		_, err := p.Push(t.Context(), []Item{item(t, "kubelet", 1)})
		if want = strings.ReplaceAll(want, "HOST", f.host); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: Push() = %v\nwant %s", env, err, want)
		}
	}
}

// TestPullOptions reads an image from a registry that wants a login, and has too many requests.
func TestPullOptions(t *testing.T) {
	f := serve(t)
	pushed := push(t, f.pusher(), item(t, "kubelet", 1))[0]
	f.forget()
	host := "127.0.0.1:" + plain(t, f, "127.0.0.1:0")
	f.fault = func(w http.ResponseWriter, r *http.Request, kind string, n int) bool {
		return wantsLogin(w, r, kind, n) || kind == "GET manifest" && n == 0 && refuse(w, 429, "TOOMANYREQUESTS", "", nil)
	}
	notes := 0
	env := []string{"HOME=" + t.TempDir(), "DOCKER_AUTH_CONFIG=" + auths(host, "mate")}
	ref, err := name.NewDigest(host + "/team/kubelet@" + pushed.Digest)
	if err != nil {
		t.Fatal(err)
	}
	index, err := remote.Index(ref, PullOptions(env, ref.String(), func(string) { notes++ })...)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil || notes != 1 {
		t.Errorf("the index is not whole: %v; and %d waits are told of, want 1", err, notes)
	}
}
