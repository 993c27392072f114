package registry

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
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
		{"Podman's beside a broken one", "HOME=@ XDG_RUNTIME_DIR=@/run",
			files{docker: "{", run: mate}, host + "/kubelet", "mate"},
		{"Podman's of a team", "HOME=@ XDG_RUNTIME_DIR=@/run",
			files{run: auths(host, "crew", host+"/team", "mate", host+"/other", "crew")}, host + "/team/kubelet", "mate"},
		{"Podman's of another team", "HOME=@ XDG_RUNTIME_DIR=@/run",
			files{run: auths(host+"/other", "crew")}, host + "/team/kubelet", ""},
		{"Docker Hub, by Docker", "HOME=@",
			files{docker: auths("https://index.docker.io/v1/", "mate")}, "docker.io/team/kubelet", "mate"},
		{"Docker Hub, by Podman", "HOME=@", files{podman: auths("docker.io", "mate")}, "docker.io/team/kubelet", "mate"},
		{"a helper", "HOME=@",
			files{docker: `{"auths":{"` + host + `":{}},"credsStore":"bottle"}`}, host + "/kubelet", "helped"},
		{"a registry's helper", "HOME=@",
			files{docker: `{"credHelpers":{"` + host + `":"bottle"}}`}, host + "/kubelet", "helped"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			const answer = `{"ServerURL":"","Username":"helped","Secret":"` + password + `"}`
			c.files["bin/docker-credential-bottle"] = "#!/bin/sh\necho '" + answer + "'\n"
			for at, data := range c.files {
				at = filepath.Join(dir, at)
				if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(at, []byte(data), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("PATH", filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
			t.Setenv("DOCKER_CONFIG", "/nowhere") // what the process has is not asked
			t.Setenv("DOCKER_AUTH_CONFIG", "")    // but for this, by the library
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

// TestKeychainThatFails holds that a broken file is not taken for one without logins.
func TestKeychainThatFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "auth.json")
	if err := os.WriteFile(file, []byte(`{"auths":{"registry.example.org":{"auth":"`+password+`"`), 0o600); err != nil {
		t.Fatal(err)
	}
	repo, err := name.NewRepository("registry.example.org/team/kubelet")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Keychain([]string{"REGISTRY_AUTH_FILE=" + file}).Resolve(repo)
	if err == nil || !strings.HasPrefix(err.Error(), file+": ") || strings.Contains(err.Error(), password) {
		t.Errorf("Resolve() = %v, want an error that names %s, and no password", err, file)
	}
}
