package packaging

import "testing"

func TestSelect(t *testing.T) {
	for _, c := range []struct {
		name     string
		version  string
		programs []string
		names    []string
		want     []string // summaries
	}{
		{"all", "1.4.1", []string{"captain"}, nil, []string{"all of the crew", "cooks", "whistles", "both"}},
		{"by name", "1.4.1", []string{"captain"}, []string{"bosun", "cook"}, []string{"cooks", "whistles"}},
		{"of an earlier version", "1.3.0", []string{"captain"}, []string{"bosun"}, []string{"whistles", "whistled"}},
		{"one program alone", "1.4.1", []string{"bosun"}, nil, []string{"whistles"}},
		{"two programs and what requires them", "1.4.1", []string{"bosun", "cook"}, nil, []string{"cooks", "whistles",
			"both"}},
		{"a program that is not in captain", "1.4.1", []string{"purser"}, nil, []string{"counts"}},
	} {
		in := ship(t)
		in.Version, in.Programs = parsed(t, c.version), c.programs
		recipes, err := in.Select(c.names)
		fails(t, c.name, err, "")
		var got []string
		for _, r := range recipes {
			got = append(got, r.Summary)
		}
		same(t, c.name, got, c.want...)
	}
}

func TestSelectRefuses(t *testing.T) {
	for _, c := range []struct {
		name     string
		programs []string
		names    []string
		want     string
	}{
		{"an unknown package", []string{"captain"}, []string{"mate"},
			`unknown package "mate"; this fork builds captain, cook, bosun, crew`},
		{"an unknown package of a fork without any", []string{"anchor"}, []string{"mate"},
			`unknown package "mate"; this fork builds none`},
		{"a package whose program is not built", []string{"captain"}, []string{"cook", "purser"},
			"package purser needs the component purser: add it to build.components of fork.yaml"},
		{"a package that requires a program that is not built", []string{"cook"}, []string{"crew"},
			"package crew needs the component bosun: add it to build.components of fork.yaml"},
		{"no package", []string{"anchor"}, nil,
			"no package of the profile can be made from the fork's programs: anchor"},
		{"no program", nil, nil, "no package of the profile can be made from the fork's programs: none"},
	} {
		in := ship(t)
		in.Programs = c.programs
		_, err := in.Select(c.names)
		fails(t, c.name, err, c.want)
	}
}

func TestMulticall(t *testing.T) {
	old := Multicall{Versions: "<1.4", Component: "captain", Package: "captain", Path: "/usr/libexec/ship/captain",
		Programs: map[string]string{"cook": "galley/c"}}
	for _, c := range []struct {
		name      string
		version   string
		programs  []string
		program   string
		component string
		calledAs  string
	}{
		{"a program of captain", "1.4.1", []string{"captain"}, "cook", "captain", "cook"},
		{"a program that captain calls otherwise", "1.4.1", []string{"captain"}, "bosun", "captain", "boatswain"},
		{"captain itself", "1.4.1", []string{"captain"}, "captain", "captain", "captain"},
		{"a program by itself", "1.4.1", []string{"cook"}, "cook", "cook", "cook"},
		{"a program by itself beside captain", "1.4.1", []string{"cook", "captain"}, "cook", "cook", "cook"},
		{"a program that captain is not", "1.4.1", []string{"captain"}, "purser", "purser", "purser"},
		{"an earlier captain", "1.3.0", []string{"captain"}, "cook", "captain", "c"},
		{"a program that an earlier captain was not", "1.3.0", []string{"captain"}, "bosun", "bosun", "bosun"},
	} {
		in := ship(t)
		in.Version, in.Programs = parsed(t, c.version), c.programs
		in.Recipes.Multicall = append([]Multicall{old}, in.Recipes.Multicall...)
		if got := in.Component(c.program); got != c.component {
			t.Errorf("%s: Component(%s) = %s, want %s", c.name, c.program, got, c.component)
		}
		if got := in.CalledAs(c.program); got != c.calledAs {
			t.Errorf("%s: CalledAs(%s) = %s, want %s", c.name, c.program, got, c.calledAs)
		}
	}
}
