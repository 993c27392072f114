package fork

import "testing"

func TestReadPins(t *testing.T) {
	const name = "forks/ship/base.lock"
	for _, test := range []struct {
		name   string
		files  map[string]string
		exists bool
		err    string
	}{
		{"none", nil, false, ""},
		{"one", map[string]string{name: `{"bread": 2}`}, true, ""},
		{"a damaged one", map[string]string{name: "{"}, true, name + ": unexpected end of JSON input\n" +
			"  To pin the packages again, delete it, then: mage patches:lock -fork=ship"},
	} {
		f := Fork{Project: project(t, test.files), ID: "ship"}
		got := map[string]int{}
		exists, err := f.ReadPins("base.lock", &got)
		if exists != test.exists || (got["bread"] == 2) != (exists && err == nil) {
			t.Errorf("%s: got %v, %v", test.name, exists, got)
		}
		says(t, err, test.err)
	}
}
