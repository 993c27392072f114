package swift

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/run"
)

func TestConnection(t *testing.T) {
	home := t.TempDir()
	dir := filepath.Join(home, ".config", "openstack")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"clouds.yaml": "clouds:\n  harbour:\n    region_name: east\n    interface: internal\n    identity_api_version: 3\n" +
			"    auth:\n      auth_url: https://keystone.example.org\n      username: mate\n      project_name: ship\n" +
			"      user_domain_name: Default\n",
		"secure.yaml": "clouds:\n  harbour:\n    auth:\n      password: anchor\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	user := run.Env{"OS_USERNAME=mate", "OS_PASSWORD=anchor", "OS_PROJECT_NAME=ship"}
	for _, c := range []struct {
		env  run.Env
		want string // version, URL, user, project, region, endpoint; or a part of the fault
	}{
		{run.Env{"ST_AUTH=https://swift.example.org/auth/v1.0", "ST_USER=ship:mate", "ST_KEY=anchor"},
			"v1 https://swift.example.org/auth/v1.0 ship:mate///"},
		{user.With("OS_AUTH_URL=https://keystone.example.org/v2.0", "OS_TENANT_NAME=old"),
			"v2 https://keystone.example.org/v2.0 mate/ship//"},
		{user.With("OS_AUTH_URL=https://keystone.example.org:5000/", "OS_REGION_NAME=east"),
			"v3 https://keystone.example.org:5000/v3 mate/ship/east/"},
		{user.With("OS_AUTH_URL=https://keystone.example.org/identity", "OS_IDENTITY_API_VERSION=2.0"),
			"v2 https://keystone.example.org/identity/v2.0 mate/ship//"},
		{user.With("OS_AUTH_URL=https://keystone.example.org/v3", "OS_ENDPOINT_TYPE=publicURL"),
			"v3 https://keystone.example.org/v3 mate/ship//public"},
		{run.Env{"OS_AUTH_URL=https://keystone.example.org/v3", "OS_APPLICATION_CREDENTIAL_ID=a",
			"OS_APPLICATION_CREDENTIAL_SECRET=b"}, "v3 https://keystone.example.org/v3 ///"},
		{run.Env{"OS_STORAGE_URL=https://swift.example.org/v1/AUTH_ship", "OS_AUTH_TOKEN=t"}, "v0  ///"},
		{run.Env{"OS_CLOUD=harbour", "HOME=" + home}, "v3 https://keystone.example.org/v3 mate/ship/east/internal"},
		{run.Env{"OS_CLOUD=harbour", "OS_CLIENT_CONFIG_FILE=" + filepath.Join(dir, "clouds.yaml")},
			"v3 https://keystone.example.org/v3 mate/ship/east/internal"},
		{run.Env{"OS_CLOUD=purser", "HOME=" + home}, "OS_CLOUD=purser: no such cloud in " + dir + "/clouds.yaml"},
		{nil, "no store is named: set OS_AUTH_URL"},
		{user.Without(func(key string) bool { return key == "OS_PASSWORD" }).With("OS_AUTH_URL=https://a.example.org"),
			"no password: set OS_PASSWORD"},
		{user.With("OS_AUTH_URL=https://a.example.org", "OS_IDENTITY_API_VERSION=x"),
			"OS_IDENTITY_API_VERSION=x: expected 1, 2 or 3"},
	} {
		conn, err := connection(c.env)
		got := fmt.Sprint(err)
		if err == nil {
			got = fmt.Sprintf("v%d %s %s/%s/%s/%s", conn.AuthVersion, conn.AuthUrl, conn.UserName, conn.Tenant, conn.Region,
				conn.EndpointType)
		}
		if err == nil && got != c.want || err != nil && !strings.Contains(got, c.want) {
			t.Errorf("%q:\n%s\nwant\n%s", c.env, got, c.want)
		}
	}
}
