package vex

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/config"
)

// section is a fork.yaml of which only the section vex matters here.
type section struct {
	Vex Settings `yaml:"vex"`
}

// TestValidate has one entry a row; each begins on line 2.
func TestValidate(t *testing.T) {
	const justifications = "component_not_present, vulnerable_code_not_present, vulnerable_code_not_in_execute_path, " +
		"vulnerable_code_cannot_be_controlled_by_adversary, inline_mitigations_already_exist"
	for _, c := range []struct {
		name string
		text []string // the lines of the entry
		want []string // LINE: vex[0].FIELD: what is wrong
	}{
		{"justified", []string{"vulnerability: CVE-2025-13281", "status: not_affected",
			"justification: component_not_present"}, nil},
		{"in words", []string{"vulnerability: ghsa-r6j8-c6r2-37rr", "status: not_affected", "impact: No crew."}, nil},
		{"affected", []string{"vulnerability: GO-2025-4240", "status: affected", "action: Wait.", "impact: So it is."}, nil},
		{"fixed", []string{"vulnerability: CVE-2025-13281", "status: fixed", "impact: In 1.4.1."}, nil},
		{"nobody knows", []string{"vulnerability: CVE-2025-13281", "status: under_investigation"}, nil},
		{"nothing", []string{"impact: x"}, []string{
			"2: vex[0].vulnerability: is missing: write an id, such as CVE-2025-13281",
			"2: vex[0].status: want one of not_affected, affected, fixed, under_investigation"}},
		{"no id", []string{"vulnerability: CVE-2025", "status: fixed", "impact: x"}, []string{
			`2: vex[0].vulnerability: "CVE-2025" is not the ID of a vulnerability: ` +
				"write one as CVE-2025-13281, GHSA-r6j8-c6r2-37rr or GO-2025-4240"}},
		{"an unknown key", []string{"vulnerability: CVE-2025-13281", "status: fixed", "impact: x", "because: x"}, []string{
			"5: vex[0].because: unknown key; known here: vulnerability, status, justification, impact, action, components"}},
		{"why not", []string{"vulnerability: CVE-2025-13281", "status: not_affected", "impact: ' '"}, []string{
			"3: vex[0].status: not_affected needs a justification, one of " + justifications + ", or an impact in words"}},
		{"another word", []string{"vulnerability: CVE-2025-13281", "status: not_affected", "justification: no"}, []string{
			"4: vex[0].justification: want one of " + justifications}},
		{"what to do", []string{"vulnerability: CVE-2025-13281", "status: affected"}, []string{
			"3: vex[0].status: affected needs an action: what users are to do"}},
		{"by what", []string{"vulnerability: CVE-2025-13281", "status: fixed"}, []string{
			"3: vex[0].status: fixed needs an impact: what fixes it, such as the upstream's version; " +
				"what a patch fixes is said by a line CVE: in its head"}},
		{"too much", []string{"vulnerability: CVE-2025-13281", "status: under_investigation",
			"justification: component_not_present", "action: Wait."}, []string{
			"4: vex[0].justification: is for the status not_affected, not for under_investigation",
			"5: vex[0].action: is for the status affected, not for under_investigation"}},
	} {
		text := "vex:\n  - " + strings.Join(c.text, "\n    ") + "\n"
		if got := faults(t, text); !slices.Equal(got, c.want) {
			t.Errorf("%s: the faults are\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// faults reads a fork.yaml and returns what is wrong with it, without its name.
func faults(t *testing.T, text string) []string {
	t.Helper()
	var s section
	f, err := config.Read("f", []byte(text), &s)
	if err == nil {
		err = f.Check(config.Below("vex", s.Vex.Validate()))
	}
	if err == nil {
		return nil
	}
	return strings.Split(strings.ReplaceAll("\n"+err.Error(), "\nf:", "\n")[1:], "\n")
}

func TestValidateTwice(t *testing.T) {
	entry := func(components string) string {
		return "  - {vulnerability: CVE-2025-13281, status: under_investigation" + components + "}\n"
	}
	const want = "3: vex[1]: says again what CVE-2025-13281 means: entry 1 of the section is about it, too; " +
		"name other components in each, or remove one"
	for _, c := range []struct{ first, second, want string }{
		{"", "", want},
		{", components: [bosun]", "", want},
		{", components: [bosun, mate]", ", components: [captain, mate]", want},
		{", components: [bosun]", ", components: [captain]", ""},
	} {
		if got := strings.Join(faults(t, "vex:\n"+entry(c.first)+entry(c.second)), "\n"); got != c.want {
			t.Errorf("%q and %q: the faults are %s, want %s", c.first, c.second, got, c.want)
		}
	}
}

// series are patches as a release records them.
var series = []artifact.ReleasedPatch{
	{Name: "1.patch", CVEs: []string{"CVE-2025-0001", "CVE-2025-0002"}},
	{Name: "2.patch"},
	{Name: "3.patch", CVEs: []string{"CVE-2025-0001"}},
}

func TestStatements(t *testing.T) {
	settings := Settings{
		{Vulnerability: "go-2025-4240", Status: NotAffected, Justification: "component_not_present",
			Components: []string{"bosun"}},
		{Vulnerability: "CVE-2025-0002", Status: Fixed, Impact: "And by the upstream's version.\n"},
	}
	for _, c := range []struct {
		name     string
		settings Settings
		patches  []artifact.ReleasedPatch
		want     []Statement
	}{
		{"nothing", nil, series[1:2], nil},
		{"patches", nil, series, []Statement{
			{Vulnerability: "CVE-2025-0001", Status: Fixed, Patches: []string{"1.patch", "3.patch"}},
			{Vulnerability: "CVE-2025-0002", Status: Fixed, Patches: []string{"1.patch"}},
		}},
		{"without the first", nil, series[1:], []Statement{
			{Vulnerability: "CVE-2025-0001", Status: Fixed, Patches: []string{"3.patch"}},
		}},
		{"both", settings, series[:1], []Statement{
			{Vulnerability: "CVE-2025-0001", Status: Fixed, Patches: []string{"1.patch"}},
			{Vulnerability: "CVE-2025-0002", Status: Fixed, Impact: "And by the upstream's version.",
				Patches: []string{"1.patch"}},
			{Vulnerability: "GO-2025-4240", Status: NotAffected, Justification: "component_not_present",
				Components: []string{"bosun"}},
		}},
	} {
		if got := c.settings.Statements(c.patches); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: says %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestAnalysis(t *testing.T) {
	for _, c := range []struct {
		s    Statement
		want [3]string // state, justification, detail
	}{
		{Statement{Status: Fixed, Patches: []string{"1.patch", "2.patch"}, Impact: "At last."},
			[3]string{"resolved_with_pedigree", "", "Fixed by 1.patch, 2.patch. At last."}},
		{Statement{Status: Fixed, Impact: "In 1.4.1."}, [3]string{"resolved", "", "In 1.4.1."}},
		{Statement{Status: Affected, Impact: "All.", Action: "Wait."}, [3]string{"exploitable", "", "All. Wait."}},
		{Statement{Status: UnderInvestigation}, [3]string{"in_triage", "", ""}},
		{Statement{Status: NotAffected, Impact: "No crew."}, [3]string{"not_affected", "", "No crew."}},
		{Statement{Status: NotAffected, Justification: "component_not_present"},
			[3]string{"not_affected", "code_not_present", ""}},
		{Statement{Status: NotAffected, Justification: "vulnerable_code_not_present"},
			[3]string{"not_affected", "code_not_present", ""}},
		{Statement{Status: NotAffected, Justification: "vulnerable_code_not_in_execute_path"},
			[3]string{"not_affected", "code_not_reachable", ""}},
		{Statement{Status: NotAffected, Justification: "vulnerable_code_cannot_be_controlled_by_adversary"},
			[3]string{"not_affected", "requires_environment", ""}},
		{Statement{Status: NotAffected, Justification: "inline_mitigations_already_exist"},
			[3]string{"not_affected", "protected_by_mitigating_control", ""}},
	} {
		var got [3]string
		if got[0], got[1], got[2] = c.s.Analysis(); got != c.want {
			t.Errorf("%+v is %q in CycloneDX, want %q", c.s, got, c.want)
		}
	}
}
