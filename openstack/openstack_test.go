package openstack

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"gopkg.in/gcfg.v1"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/version"
)

// recipes are those of the ship, which became external at 2.0.
func recipes() Recipes {
	return Recipes{Settings: []Setting{
		{Section: "Global", Keys: []string{"auth-url"}, Kind: "keystone", Required: always,
			Needs: []string{"username | user-id | app"}},
		{Section: "Global", Keys: []string{"region", "tenant-id"}},
		{Section: "Global", Keys: []string{"username"}, Excludes: []string{"user-id"},
			Needs: []string{"domain-id | domain-name"}},
		{Section: "Global", Keys: []string{"user-id"}, Excludes: []string{"username"}},
		{Section: "Global", Keys: []string{"domain-id", "domain-name"}},
		{Versions: ">=2.0", Section: "Global", Keys: []string{"app"}},
		{Versions: ">=2.0", Section: "Global", Keys: []string{"app-secret"}, Env: "OS_APPLICATION_CREDENTIAL_SECRET",
			With: []string{"app"}},
		{Section: "Global", Keys: []string{"password"}, Env: "OS_PASSWORD", With: []string{"username", "user-id"}},
		{Versions: "<1.9", Section: "LoadBalancer", Keys: []string{"lb-version"}, OneOf: []string{"v1", "v2"}},
		{Versions: ">=1.9", Section: "LoadBalancer", Keys: []string{"lb-version"}, OneOf: []string{"v2"}},
		{Section: "LoadBalancer", Keys: []string{"subnet-id"}, Required: within},
		{Section: "LoadBalancer", Keys: []string{"create-monitor"}, Kind: "flag", Needs: []string{"monitor-delay", "tries"}},
		{Section: "LoadBalancer", Keys: []string{"monitor-delay"}, Kind: "duration"},
		{Section: "LoadBalancer", Keys: []string{"tries"}, Kind: "number"},
	}}
}

func at(t *testing.T, text string) version.Version {
	t.Helper()
	v, err := version.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// global returns settings of section Global, and whatever others are given, as Set
// takes them.
func global(t *testing.T, more string) Settings {
	t.Helper()
	s, err := Settings{"Global": {"auth-url": "https://keystone.example.org/v3", "user-id": "mate"}}.Set(more)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSet(t *testing.T) {
	before := Settings{"Global": {"region": "east"}}
	for list, want := range map[string]Settings{
		"":                   {"Global": {"region": "east"}},
		"Global.region=west": {"Global": {"region": "west"}},
		"Global.region=":     {"Global": {"region": ""}},
		"Global.ca-file=/a=b,LoadBalancer.lb-version=v2": {"Global": {"region": "east", "ca-file": "/a=b"},
			"LoadBalancer": {"lb-version": "v2"}},
		"Global.region=a, b,c,Global.user-id=d,": {"Global": {"region": "a, b,c", "user-id": "d,"}},
	} {
		got, err := before.Set(list)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Set(%q) = %v, %v, want %v", list, got, err, want)
		}
	}
	if len(before["Global"]) != 1 || before["Global"]["region"] != "east" {
		t.Errorf("the settings are now %v", before)
	}
	for _, list := range []string{"region=east", "Global=east", "Global.region", ",Global.region=a", "a,Global.region=b",
		"."} {
		if got, err := before.Set(list); err == nil || !strings.Contains(err.Error(), "want SECTION.KEY=VALUE") {
			t.Errorf("Set(%q) = %v, %v", list, got, err)
		}
	}
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		set, version string
		want         []string
	}{
		"all right":       {set: "LoadBalancer.lb-version=v1,LoadBalancer.subnet-id=a"},
		"what is missing": {set: "LoadBalancer.lb-version=v1"},
		"a version later": {set: "LoadBalancer.lb-version=v1", version: "1.9.0",
			want: []string{`LoadBalancer.lb-version: has no value "v1": want v2`}},
		"neither": {set: "LoadBalancer.lb-version=v3",
			want: []string{`LoadBalancer.lb-version: has no value "v3": want v1 or v2`}},
		"a section": {set: "Crew.region=a",
			want: []string{"Crew: unknown section; for 1.4.1 there are: Global, LoadBalancer"}},
		"a key": {set: "LoadBalancer.subnet=a",
			want: []string{"LoadBalancer.subnet: unknown key; 1.4.1 knows: lb-version, subnet-id, cr"}},
		"a key of others": {set: "Global.app=a",
			want: []string{"Global.app: 1.4.1 does not know this key, only >=2.0 does"}},
		"a key of this": {set: "Global.app=a", version: "2.1.0"},
		"a secret": {set: "Global.password=rope",
			want: []string{"Global.password: a secret is only taken from the environment: remove it, and set OS_"}},
		"nothing": {set: "Global.region=", want: []string{"Global.region: is empty: remove it"}},
		"two of a kind": {set: "Global.username=mate",
			want: []string{"Global.user-id: username is given, too: write only one", "Global.username: user-id is given"}},
		"a return": {set: "Global.region=a\rb", want: []string{"Global.region: has a carriage return"}},
		"no UTF-8": {set: "Global.region=\xff",
			want: []string{"Global.region: has a carriage return, a zero byte, a byte"}},
		"no URL": {set: "Global.auth-url=keystone.example.org",
			want: []string{"Global.auth-url: want the URL of Keystone"}},
		"another scheme": {set: "Global.auth-url=ftp://example.org/v3", want: []string{"Global.auth-url: want the URL"}},
		"a password in it": {set: "Global.auth-url=https://mate:rope@example.org/v3",
			want: []string{"Global.auth-url: has a user or a password"}},
		"no domains": {set: "Global.auth-url=https://example.org:5000/v2.0/",
			want: []string{"Global.auth-url: is Keystone's old interface"}},
		"some more": {set: "LoadBalancer.create-monitor=yes,LoadBalancer.monitor-delay=10,LoadBalancer.tries=-1",
			want: []string{"LoadBalancer.create-monitor: is \"yes\": want true or false",
				"LoadBalancer.monitor-delay: is \"10\": want a time with its unit", "LoadBalancer.tries: is \"-1\": want a whole"}},
		"these are right": {set: "LoadBalancer.create-monitor=true,LoadBalancer.monitor-delay=10s,LoadBalancer.tries=3"},
		"a delay before it": {set: "LoadBalancer.monitor-delay=-10s",
			want: []string{"LoadBalancer.monitor-delay: is \"-10s\""}},
	} {
		v := c.version
		if v == "" {
			v = "1.4.1"
		}
		testkit.Faults(t, name, recipes().Check(global(t, c.set), at(t, v)), c.want...)
	}
}

func TestRender(t *testing.T) {
	env := []string{"HOME=/root", "OS_PASSWORD=rope", "OS_APPLICATION_CREDENTIAL_SECRET=knot"}
	const url = "[Global]\nauth-url = \"https://keystone.example.org/v3\"\n"
	for name, c := range map[string]struct {
		set   string
		env   []string
		want  string
		fault string
	}{
		"a user": {env: env, want: url + "user-id = \"mate\"\npassword = \"rope\"\n"},
		"two sections": {set: "LoadBalancer.lb-version=v2,LoadBalancer.subnet-id=a,Global.region=east", env: env,
			want: url + "region = \"east\"\nuser-id = \"mate\"\npassword = \"rope\"\n" +
				"[LoadBalancer]\nlb-version = \"v2\"\nsubnet-id = \"a\"\n"},
		"an application": {set: "Global.app=b", env: env,
			want: url + "user-id = \"mate\"\napp = \"b\"\napp-secret = \"knot\"\n"},
		"no secret": {fault: "openstack.Global.password: the variable OS_PASSWORD is not set"},
		"an empty secret": {set: "Global.app=b", env: []string{"OS_APPLICATION_CREDENTIAL_SECRET="},
			fault: "openstack.Global.app-secret: the variable OS_APPLICATION_CREDENTIAL_SECRET is not set"},
		"a secret that cannot be written": {env: []string{"OS_PASSWORD=rope\r"},
			fault: "the variable OS_PASSWORD has a character"},
		"what goes with it": {set: "LoadBalancer.create-monitor=true,LoadBalancer.subnet-id=a,LoadBalancer.tries=1",
			env: env, fault: "openstack.LoadBalancer.create-monitor: goes with monitor-delay, which is missing"},
		"nothing that goes with it": {set: "LoadBalancer.create-monitor=false,LoadBalancer.subnet-id=a", env: env,
			want: url + "user-id = \"mate\"\npassword = \"rope\"\n" +
				"[LoadBalancer]\nsubnet-id = \"a\"\ncreate-monitor = \"false\"\n"},
		"no subnet": {set: "LoadBalancer.lb-version=v2", env: env, fault: "openstack.LoadBalancer.subnet-id: is missing"},
		"all at once": {set: "Global.app=,LoadBalancer.lb-version=v3",
			fault: "openstack.Global.app: is empty: remove it, or write its value\n" +
				"openstack.LoadBalancer.lb-version: has no value \"v3\": want v2\n" +
				"openstack.LoadBalancer.subnet-id: is missing\nopenstack.Global.app-secret: the variable OS_APP"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := recipes().Render(global(t, c.set), at(t, "2.0.0"), c.env)
			if string(got) != c.want {
				t.Errorf("rendered as\n%s\nwant\n%s", got, c.want)
			}
			if c.fault == "" && err != nil || c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)) {
				t.Errorf("the error is\n%v\nwant\n%s", err, c.fault)
			}
			if strings.Contains(fmt.Sprint(err), "rope") {
				t.Error("the error shows the secret")
			}
		})
	}
	_, err := recipes().Render(nil, at(t, "2.0.0"), env)
	if err == nil || err.Error() != "openstack.Global.auth-url: is missing" {
		t.Errorf("of no settings: %v", err)
	}
	noDomain := Settings{"Global": {"auth-url": "https://example.org/v3", "username": "mate"}}
	if _, err = recipes().Render(noDomain, at(t, "2.0.0"), env); err == nil ||
		!strings.Contains(err.Error(), "openstack.Global.username: goes with domain-id or domain-name, which is missing") {
		t.Errorf("without a domain: %v", err)
	}
}

// TestRenderedIsReadAsItWasGiven holds values against the reader that the cloud provider has.
func TestRenderedIsReadAsItWasGiven(t *testing.T) {
	for _, value := range []string{
		"plain", `quo"ted`, `"`, `""`, `back\slash`, `\`, `\\`, `ends in \`, `\n`, `\"`, "two\nlines", "\n", "a\ttab",
		" space around ",
		"semi;colon", "ha#sh", "# all", "[Global]", "a]", "x = y", "password = y",
		"ünïcødé", "日本", "$HOME ${HOME} `id`",
		"%s %d", "'",
		"a\n[LoadBalancer]\nlb-version = v1", "true", "\x01\x7f\u2028", "\u00a0", "=", "a\\\nb",
		strings.Repeat("long ", 2000),
	} {
		check(t, value)
	}
}

func FuzzRender(f *testing.F) {
	f.Add("rope")
	f.Add("\\\"\n;#")
	f.Fuzz(check)
}

// check renders a value as a region and as a password.
func check(t *testing.T, value string) {
	if value == "" || writable(value) != nil {
		return
	}
	s := global(t, "")
	s["Global"]["region"] = value
	data, err := recipes().Render(s, at(t, "2.0.0"), []string{"OS_PASSWORD=" + value})
	if err != nil {
		t.Fatalf("%q: %v", value, err)
	}
	var read struct {
		Global struct {
			AuthURL  string `gcfg:"auth-url"`
			UserID   string `gcfg:"user-id"`
			Region   string
			Password string
		}
	}
	if err := gcfg.ReadStringInto(&read, string(data)); err != nil {
		t.Fatalf("%q: %v in\n%s", value, err, data)
	}
	if read.Global.Region != value || read.Global.Password != value || read.Global.UserID != "mate" {
		t.Errorf("%q is read as %+v from\n%s", value, read.Global, data)
	}
}

func TestValidate(t *testing.T) {
	testkit.Faults(t, "those of the ship", recipes().Validate())
	testkit.Faults(t, "none", Recipes{}.Validate(), "settings: is empty: want at least one row")
	for name, c := range map[string]struct {
		edit func(*Setting)
		want string
	}{
		"a range":            {func(s *Setting) { s.Versions = "new" }, "versions: "},
		"no section":         {func(s *Setting) { s.Section = "" }, "section: want the name of a section"},
		"a section of two":   {func(s *Setting) { s.Section = `Global "a"` }, "section: want the name of a section"},
		"no keys":            {func(s *Setting) { s.Keys = nil }, "keys: want the names of keys"},
		"one that is no key": {func(s *Setting) { s.Keys = []string{"a", "b c"} }, "keys: want the names of keys"},
		"a kind":             {func(s *Setting) { s.Kind = "color" }, `kind: unknown kind "color": want text,`},
		"required somewhere": {func(s *Setting) { s.Required = "true" }, "required: want always, or section"},
		"a secret of what":   {func(s *Setting) { s.Env = "OS_PASSWORD" }, "env: a secret is one key, with env and with"},
		"no secret":          {func(s *Setting) { s.With = []string{"a"} }, "env: a secret is one key"},
		"two secrets": {func(s *Setting) { s.Env, s.With, s.Keys = "OS_PASSWORD", []string{"a"}, []string{"b", "c"} },
			"env: a secret is one key"},
	} {
		s := Setting{Section: "Global", Keys: []string{"region"}}
		c.edit(&s)
		testkit.Faults(t, name, Recipes{Settings: []Setting{s}}.Validate(), "settings[0]."+c.want)
	}
}
