package shards

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/platform"
)

var (
	amd64 = platform.Platform{OS: "linux", Arch: "amd64"}
	arm64 = platform.Platform{OS: "linux", Arch: "arm64"}
	mac   = platform.Platform{OS: "darwin", Arch: "arm64"}
)

// says checks that an error has a text in it; "" is no error.
func says(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("the error is\n%v\nwant\n%s", err, want)
	}
}

func TestAll(t *testing.T) {
	for _, c := range []struct {
		fork      string
		platforms []platform.Platform
		want      string
		fault     string
	}{
		{fork: "ship-1.4", platforms: []platform.Platform{arm64, mac, amd64, arm64},
			want: "ship-1.4.darwin-arm64 ship-1.4.linux-amd64 ship-1.4.linux-arm64"},
		{fork: "ship", want: ""},
		{fork: "ship:1.4", platforms: []platform.Platform{amd64}, fault: "forks/ship:1.4: rename the folder"},
		{fork: "-max=2", platforms: []platform.Platform{amd64}, fault: "forks/-max=2: rename the folder"},
	} {
		got, err := All(c.fork, c.platforms)
		says(t, err, c.fault)
		if strings.Join(names(got), " ") != c.want {
			t.Errorf("%s: the shards are %s, want %s", c.fork, names(got), c.want)
		}
	}
}

func TestParse(t *testing.T) {
	all := []Shard{{"ship-1.4", amd64}, {"ship-1.4", arm64}, {"ship-1.5", amd64}}
	for list, c := range map[string]struct {
		want  []Shard
		fault string
	}{
		"ship-1.4.linux-arm64":                                            {want: all[1:2]},
		"ship-1.5.linux-amd64,ship-1.4.linux-amd64":                       {want: []Shard{all[2], all[0]}},
		"ship-1.4.linux-amd64, ship-1.4.linux-arm64,ship-1.4.linux-arm64": {want: all[:2]},
		"":                           {fault: `no shard "": this project has ship-1.4.linux-amd64, ship-1.4.linux-arm64, s`},
		"ship-1.4.linux-amd64,":      {fault: `no shard ""`},
		"ship-1.4.linux-s390x":       {fault: `no shard "ship-1.4.linux-s390x"`},
		"ship-1.4.linux/arm64":       {fault: `no shard "ship-1.4.linux/arm64"`},
		"ship-1.4.linux-arm64,mates": {fault: `no shard "mates"`},
	} {
		got, err := Parse(list, all)
		says(t, err, c.fault)
		if !slices.Equal(got, c.want) {
			t.Errorf("Parse(%q) = %v, want %v", list, got, c.want)
		}
	}
}
