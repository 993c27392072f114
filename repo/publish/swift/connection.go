package swift

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ncw/swift/v2"
	"go.yaml.in/yaml/v3"

	"github.com/slipway-build/slipway/internal/run"
)

// connection returns how to reach the store that env has the variables of.
func connection(env run.Env) (*swift.Connection, error) {
	if name := env.Get("OS_CLOUD"); name != "" {
		pairs, err := cloud(name, env)
		if err != nil {
			return nil, err
		}
		env = env.With(pairs...)
	}
	c := &swift.Connection{UserAgent: "slipway", ConnectTimeout: 10 * time.Second, Timeout: 2 * time.Minute}
	for _, v := range variables(c) {
		for _, name := range v.names {
			if *v.to == "" {
				*v.to = env.Get(name)
			}
		}
	}
	if c.StorageUrl != "" && c.AuthToken != "" {
		return c, nil
	}
	c.StorageUrl, c.AuthToken = "", ""
	c.EndpointType = endpointType(env)
	return c, settle(c, env)
}

type variable struct {
	to    *string
	names []string
}

// variables are the names of OpenStack's clients, of the old ones and the new.
func variables(c *swift.Connection) []variable {
	return []variable{
		{&c.StorageUrl, []string{"OS_STORAGE_URL"}},
		{&c.AuthToken, []string{"OS_AUTH_TOKEN"}},
		{&c.AuthUrl, []string{"OS_AUTH_URL", "ST_AUTH"}},
		{&c.UserName, []string{"OS_USERNAME", "ST_USER"}},
		{&c.ApiKey, []string{"OS_PASSWORD", "ST_KEY"}},
		{&c.UserId, []string{"OS_USER_ID"}},
		{&c.Domain, []string{"OS_USER_DOMAIN_NAME", "OS_DOMAIN_NAME"}},
		{&c.DomainId, []string{"OS_USER_DOMAIN_ID", "OS_DOMAIN_ID"}},
		{&c.Tenant, []string{"OS_PROJECT_NAME", "OS_TENANT_NAME"}},
		{&c.TenantId, []string{"OS_PROJECT_ID", "OS_TENANT_ID"}},
		{&c.TenantDomain, []string{"OS_PROJECT_DOMAIN_NAME"}},
		{&c.TenantDomainId, []string{"OS_PROJECT_DOMAIN_ID"}},
		{&c.Region, []string{"OS_REGION_NAME"}},
		{&c.TrustId, []string{"OS_TRUST_ID"}},
		{&c.ApplicationCredentialId, []string{"OS_APPLICATION_CREDENTIAL_ID"}},
		{&c.ApplicationCredentialName, []string{"OS_APPLICATION_CREDENTIAL_NAME"}},
		{&c.ApplicationCredentialSecret, []string{"OS_APPLICATION_CREDENTIAL_SECRET"}},
	}
}

func endpointType(env run.Env) swift.EndpointType {
	for _, name := range []string{"OS_INTERFACE", "OS_ENDPOINT_TYPE"} {
		if value := env.Get(name); value != "" {
			return swift.EndpointType(strings.TrimSuffix(value, "URL")) // publicURL, of old clients
		}
	}
	return ""
}

var versioned = regexp.MustCompile(`/v([123])(\.[0-9]+)?/?$`)

// settle checks that somebody can log in, and finds the version of the protocol: the URL's, or the
// one that is asked for.
func settle(c *swift.Connection, env run.Env) error {
	switch {
	case c.AuthUrl == "":
		return errors.New("no store is named: set OS_AUTH_URL, OS_USERNAME, OS_PASSWORD and OS_PROJECT_NAME (a cloud's " +
			"openrc file does), or OS_CLOUD, or ST_AUTH, ST_USER and ST_KEY")
	case c.ApiKey == "" && c.ApplicationCredentialSecret == "":
		return errors.New("no password: set OS_PASSWORD, OS_APPLICATION_CREDENTIAL_SECRET or ST_KEY")
	}
	if at := versioned.FindStringSubmatch(c.AuthUrl); at != nil {
		c.AuthVersion = int(at[1][0] - '0')
		return nil
	}
	asked := env.Get("OS_IDENTITY_API_VERSION") + env.Get("ST_AUTH_VERSION")
	switch {
	case asked == "" || asked[0] == '3':
		c.AuthUrl, c.AuthVersion = strings.TrimSuffix(c.AuthUrl, "/")+"/v3", 3
	case asked[0] == '2':
		c.AuthUrl, c.AuthVersion = strings.TrimSuffix(c.AuthUrl, "/")+"/v2.0", 2
	case asked[0] == '1':
		c.AuthVersion = 1
	default:
		return fmt.Errorf("OS_IDENTITY_API_VERSION=%s: expected 1, 2 or 3", asked)
	}
	return nil
}

// clouds is what clouds.yaml, and secure.yaml beside it, say.
type clouds struct {
	Clouds map[string]struct {
		Auth      map[string]string `yaml:"auth"`
		Region    string            `yaml:"region_name"`
		Interface string            `yaml:"interface"`
		Version   string            `yaml:"identity_api_version"`
		CA        string            `yaml:"cacert"`
	} `yaml:"clouds"`
}

// cloud returns the settings of a cloud as the variables that they have the names of.
func cloud(name string, env run.Env) ([]string, error) {
	var pairs []string
	files := cloudFiles(env)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var read clouds
		if err == nil {
			err = yaml.Unmarshal(data, &read)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		c := read.Clouds[name]
		for key, value := range c.Auth {
			pairs = append(pairs, "OS_"+strings.ToUpper(key)+"="+value)
		}
		for key, value := range map[string]string{"REGION_NAME": c.Region, "INTERFACE": c.Interface,
			"IDENTITY_API_VERSION": c.Version, "CACERT": c.CA} {
			if value != "" {
				pairs = append(pairs, "OS_"+key+"="+value)
			}
		}
	}
	if pairs == nil {
		return nil, fmt.Errorf("OS_CLOUD=%s: no such cloud in %s", name, strings.Join(files, ", "))
	}
	return slices.Sorted(slices.Values(pairs)), nil
}

// cloudFiles are the files that may have a cloud: those beside each other belong together.
func cloudFiles(env run.Env) []string {
	if file := env.Get("OS_CLIENT_CONFIG_FILE"); file != "" {
		return []string{file, filepath.Join(filepath.Dir(file), "secure.yaml")}
	}
	dir := filepath.Join(env.Get("HOME"), ".config", "openstack")
	return []string{filepath.Join(dir, "clouds.yaml"), filepath.Join(dir, "secure.yaml")}
}
