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
		entries = append(entries, `"`+pairs[i]+`":{"auth":"`+base64.StdEncoding.EncodeToString([]byte(pairs[i+1]+":"+password))+`"}`)
	}
	return `{"auths":{` + strings.Join(entries, ",") + `}}`
}

func TestKeychain(t *testing.T) {
	const host = "registry.example.org"
	for _, c := range []struct {
		name  string
		env   string // @ is the folder that the files are in
		files map[string]string
		repo  string
		want  string // the user
	}{
		{"nothing", "HOME=@", map[string]string{}, host + "/team/kubelet", ""},
		{"an empty environment", "", map[string]string{}, host + "/team/kubelet", ""},
		{"Docker's", "HOME=@", map[string]string{".docker/config.json": auths(host, "mate")}, host + "/team/kubelet", "mate"},
		{"Docker's of old", "HOME=@", map[string]string{".docker/config.json": auths("https://"+host+"/v1/", "mate")}, host + "/team/kubelet", "mate"},
		{"DOCKER_CONFIG", "HOME=@ DOCKER_CONFIG=@/d",
			map[string]string{".docker/config.json": auths(host, "crew"), "d/config.json": auths(host, "mate")}, host + "/kubelet", "mate"},
		{"Podman's", "HOME=@ XDG_RUNTIME_DIR=@/run", map[string]string{"run/containers/auth.json": auths(host, "mate")}, host + "/kubelet", "mate"},
		{"Podman's on a Mac", "HOME=@", map[string]string{".config/containers/auth.json": auths(host, "mate")}, host + "/kubelet", "mate"},
		{"XDG_CONFIG_HOME", "HOME=@ XDG_CONFIG_HOME=@/x", map[string]string{"x/containers/auth.json": auths(host, "mate")}, host + "/kubelet", "mate"},
		{"REGISTRY_AUTH_FILE", "HOME=@ REGISTRY_AUTH_FILE=@/a.json",
			map[string]string{".docker/config.json": auths(host, "crew"), "a.json": auths(host, "mate")}, host + "/kubelet", "mate"},
		{"Podman's beside Docker's of others", "HOME=@ XDG_RUNTIME_DIR=@/run",
			map[string]string{".docker/config.json": auths("other.example.org", "crew"), "run/containers/auth.json": auths(host, "mate")}, host + "/kubelet", "mate"},
		{"Podman's beside a broken one", "HOME=@ XDG_RUNTIME_DIR=@/run",
			map[string]string{".docker/config.json": "{", "run/containers/auth.json": auths(host, "mate")}, host + "/kubelet", "mate"},
		{"Podman's of a team", "HOME=@ XDG_RUNTIME_DIR=@/run",
			map[string]string{"run/containers/auth.json": auths(host, "crew", host+"/team", "mate", host+"/other", "crew")}, host + "/team/kubelet", "mate"},
		{"Podman's of another team", "HOME=@ XDG_RUNTIME_DIR=@/run",
			map[string]string{"run/containers/auth.json": auths(host+"/other", "crew")}, host + "/team/kubelet", ""},
		{"Docker Hub, by Docker", "HOME=@", map[string]string{".docker/config.json": auths("https://index.docker.io/v1/", "mate")}, "docker.io/team/kubelet", "mate"},
		{"Docker Hub, by Podman", "HOME=@", map[string]string{".config/containers/auth.json": auths("docker.io", "mate")}, "docker.io/team/kubelet", "mate"},
		{"a helper", "HOME=@", map[string]string{".docker/config.json": `{"auths":{"` + host + `":{}},"credsStore":"bottle"}`}, host + "/kubelet", "helped"},
		{"a registry's helper", "HOME=@", map[string]string{".docker/config.json": `{"credHelpers":{"` + host + `":"bottle"}}`}, host + "/kubelet", "helped"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			c.files["bin/docker-credential-bottle"] = "#!/bin/sh\n" + `echo '{"ServerURL":"","Username":"helped","Secret":"` + password + `"}'` + "\n"
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
