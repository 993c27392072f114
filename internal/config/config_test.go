package config

import (
	"reflect"
	"strings"
	"testing"
)

// crew is a struct with every kind of field that a configuration has.
type crew struct {
	Name   string            `yaml:"name"`
	Ready  bool              `yaml:"ready"`
	Roster []string          `yaml:"roster"`
	Cook   mate              `yaml:"cook"`
	Bosun  *mate             `yaml:"bosun"`
	Mates  []mate            `yaml:"mates"`
	Orders map[string]string `yaml:"orders"`
	Grid   [][]string        `yaml:"grid"`
	Ages   map[string]int    `yaml:"ages"`
	Course []order           `yaml:"course"`
}

// An order may be written as a single word.
type order struct {
	From string `yaml:"from"`
	Word string `yaml:"-"`
}

func (o *order) UnmarshalText(word []byte) error {
	o.Word = string(word)
	return nil
}

type mate struct {
	Name  string `yaml:"name"`
	Tools []tool `yaml:"tools,omitempty"`
}

type tool struct {
	Kind string `yaml:"kind"`
	Edge bool   `yaml:"edge"`
}

// read returns all that is wrong with the form of a file.
func read(yaml string, into *crew) error {
	f, err := Read("crew.yaml", []byte(yaml), into)
	if err != nil {
		return err
	}
	return f.Check(nil)
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, yaml string
		want       crew
	}{
		{"some of all", `
name: first watch
ready: true
roster: [captain, deckhand]
cook: {name: ann}
bosun:
  name: bob
mates:
  - name: cy
    tools:
      - kind: knife
        edge: true
      - {kind: pot}
  - name: di
orders: {dawn: sail, dusk: "anchor"}
grid: [[a, b], [], [c]]
ages: {ann: 44, bob: 0x10}
`, crew{
			Name: "first watch", Ready: true, Roster: []string{"captain", "deckhand"},
			Cook: mate{Name: "ann"}, Bosun: &mate{Name: "bob"},
			Mates:  []mate{{Name: "cy", Tools: []tool{{"knife", true}, {"pot", false}}}, {Name: "di"}},
			Orders: map[string]string{"dawn": "sail", "dusk": "anchor"},
			Grid:   [][]string{{"a", "b"}, {}, {"c"}},
			Ages:   map[string]int{"ann": 44, "bob": 16},
		}},
		{"numbers are words too", "name: 1.36\nroster: [1, 2.5, true, 2026-01-02]\n",
			crew{Name: "1.36", Roster: []string{"1", "2.5", "true", "2026-01-02"}}},
		{"anchors", "roster: &all [a, b]\ncook: &ann\n  name: ann\nbosun: *ann\nmates: [*ann, *ann]\ngrid: [*all]\n", crew{
			Roster: []string{"a", "b"}, Cook: mate{Name: "ann"}, Bosun: &mate{Name: "ann"},
			Mates: []mate{{Name: "ann"}, {Name: "ann"}}, Grid: [][]string{{"a", "b"}},
		}},
		{"words and keys", "course: [north, {from: noon}]\n", crew{Course: []order{{Word: "north"}, {From: "noon"}}}},
		{"JSON", `{"name": "x", "roster": ["y"], "ready": false}`, crew{Name: "x", Roster: []string{"y"}}},
		{"a document's marks", "---\nname: x\n...\n", crew{Name: "x"}},
		{"an empty list", "roster: []\nname: ''\n", crew{Roster: []string{}}},
	} {
		var got crew
		if err := read(c.yaml, &got); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: Read() = %+v, %v, want %+v", c.name, got, err, c.want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	const known = "name, ready, roster, cook, bosun, mates, orders, grid, ages, course"
	for _, c := range []struct{ name, yaml, want string }{
		{"nothing", "", "crew.yaml:1: the file is empty"},
		{"only comments", "# to do\n", "crew.yaml:1: the file is empty"},
		{"a list", "- name\n", "crew.yaml:1: want keys and values, one of: " + known},
		{"an unknown key", "name: x\nnaem: y\n",
			"crew.yaml:2: naem: unknown key; known here: " + known + "; did you mean name?"},
		{"a key in capitals", "Name: x\n", "crew.yaml:1: Name: unknown key; known here: " + known + "; did you mean name?"},
		{"an unknown key far down", "mates:\n  - name: a\n  - tools:\n      - kind: k\n        egde: true\n",
			"crew.yaml:5: mates[1].tools[0].egde: unknown key; known here: kind, edge; did you mean edge?"},
		{"a merge", "cook: &c {name: a}\nbosun:\n  <<: *c\n", "crew.yaml:3: bosun.<<: unknown key; known here: name, tools"},
		{"a key twice", "name: x\nready: true\nname: y\n", "crew.yaml:3: name: is set a second time"},
		{"a key three times", "name: x\nname: y\nname: z\n",
			"crew.yaml:2: name: is set a second time\ncrew.yaml:3: name: is set a second time"},
		{"a section twice", "cook: {name: a}\ncook: {name: b}\n", "crew.yaml:2: cook: is set a second time"},
		{"a key twice in a list's item", "mates:\n  - name: a\n    name: b\n  - name: c\n",
			"crew.yaml:3: mates[0].name: is set a second time"},
		{"a map's key twice", "orders:\n  dawn: sail\n  dusk: anchor\n  dawn: sleep\n",
			"crew.yaml:4: orders.dawn: is set a second time"},
		{"a list for a word", "name: [x]\n", "crew.yaml:1: name: want a single value"},
		{"keys for a word", "name: {x: y}\n", "crew.yaml:1: name: want a single value"},
		{"nothing for a word", "ready: true\nname:\n", "crew.yaml:2: name: want a single value"},
		{"a word for a list", "roster: captain\n", "crew.yaml:1: roster: want a list, such as [a, b]"},
		{"nothing for a list", "roster:\n", "crew.yaml:1: roster: want a list, such as [a, b]"},
		{"nothing in a list", "roster:\n  - a\n  -\n", "crew.yaml:3: roster[1]: want a single value"},
		{"a list in a list", "roster:\n  - a\n  - [b]\n", "crew.yaml:3: roster[1]: want a single value"},
		{"a list too little", "grid:\n  - [a]\n  - b\n", "crew.yaml:3: grid[1]: want a list, such as [a, b]"},
		{"a list too much", "grid: [[a, [b]]]\n", "crew.yaml:1: grid[0][1]: want a single value"},
		{"a word for keys", "cook: ann\n", "crew.yaml:1: cook: want keys and values, one of: name, tools"},
		{"nothing for keys", "cook:\n", "crew.yaml:1: cook: want keys and values, one of: name, tools"},
		{"nothing for keys or a word", "course:\n  -\n", "crew.yaml:2: course[0]: want keys and values, one of: from"},
		{"a key with another name", "course: [{word: north}]\n",
			"crew.yaml:1: course[0].word: unknown key; known here: from"},
		{"a word for a map", "orders: sail\n", "crew.yaml:1: orders: want keys and values"},
		{"a list in a map", "orders:\n  dawn: [sail]\n", "crew.yaml:2: orders.dawn: want a single value"},
		{"a word for a bool", "ready: maybe\n", "crew.yaml:1: ready: want true or false"},
		{"yes for a bool", "ready: yes\n", "crew.yaml:1: ready: want true or false"},
		{"a quoted bool", "ready: 'true'\n", "crew.yaml:1: ready: want true or false"},
		{"a word for a number", "ages:\n  ann: old\n  bob: 4\n", "crew.yaml:2: ages.ann: want a whole number"},
		{"a fraction", "ages: {ann: 4.5}\n", "crew.yaml:1: ages.ann: want a whole number"},
		{"nothing for a number", "ages: {ann: }\n", "crew.yaml:1: ages.ann: want a whole number"},
		{"an alias of the wrong kind", "roster: &all [a]\nname: *all\n", "crew.yaml:2: name: want a single value"},
		{"an alias in itself", "roster: &all\n  - *all\n", "crew.yaml:2: roster[0]: want a single value"},
		{"a second document", "name: x\n---\nname: y\n", "crew.yaml:2: a second document begins here: want one"},
	} {
		err := read(c.yaml, new(crew))
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: Read() =\n%v\nwant\n%s", c.name, err, c.want)
		}
	}
}

// TestReadRefusesBadYAML leaves the words to the YAML package, but not the line.
func TestReadRefusesBadYAML(t *testing.T) {
	for _, c := range []struct{ name, yaml, want string }{
		{"a tab", "name: x\nroster:\n\t- a\n", "crew.yaml:3: "},
		{"an open bracket", "name: x\nroster: [a\n", "crew.yaml:"},
		{"an alias of nothing", "name: *nobody\n", "crew.yaml:1: "},
		{"two values", "name: x\nready: true: false\n", "crew.yaml:2: "},
		{"bytes that are no text", "name: \xff\n", "crew.yaml:1: "},
	} {
		err := read(c.yaml, new(crew))
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "line ") {
			t.Errorf("%s: Read() = %v, want an error that begins with %q", c.name, err, c.want)
		}
	}
}

func TestReadReportsAllFaults(t *testing.T) {
	const yaml = `cook: ann
orders: {dawn: [x]}
naem: x
mates:
  - nme: a
    tools: [{kind: k, edge: sharp}]
ready: [true]
roster: {}
ready: true
`
	want := strings.Join([]string{
		"crew.yaml:1: cook: want keys and values, one of: name, tools",
		"crew.yaml:2: orders.dawn: want a single value",
		"crew.yaml:3: naem: unknown key; known here: name, ready, roster, cook, bosun, mates, orders, grid, ages, " +
			"course; did you mean name?",
		"crew.yaml:5: mates[0].nme: unknown key; known here: name, tools; did you mean name?",
		"crew.yaml:6: mates[0].tools[0].edge: want true or false",
		"crew.yaml:7: ready: want true or false",
		"crew.yaml:8: roster: want a list, such as [a, b]",
		"crew.yaml:9: ready: is set a second time",
	}, "\n")
	if err := read(yaml, new(crew)); err == nil || err.Error() != want {
		t.Errorf("Read() =\n%v\nwant\n%s", err, want)
	}
}

const watch = `# a comment
# and another
name: x
roster:
  - a
  - b
cook:
  name: c
mates:
  - name: d
    tools:
      - {kind: e}
  - name: f
orders:
  dawn: g
`

func TestCheckPlacesFaults(t *testing.T) {
	f, err := Read("crew.yaml", []byte(watch), new(crew))
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{
		"name":                    "crew.yaml:3: name: wrong",
		"roster":                  "crew.yaml:4: roster: wrong",
		"roster[1]":               "crew.yaml:6: roster[1]: wrong",
		"cook.name":               "crew.yaml:8: cook.name: wrong",
		"mates[0].tools[0].kind":  "crew.yaml:12: mates[0].tools[0].kind: wrong",
		"mates[1].name":           "crew.yaml:13: mates[1].name: wrong",
		"orders.dawn":             "crew.yaml:15: orders.dawn: wrong",
		"roster[2]":               "crew.yaml:4: roster[2]: wrong",               // absent: the list
		"cook.tools":              "crew.yaml:7: cook.tools: wrong",              // absent: the section
		"mates[0].tools[0].edge":  "crew.yaml:12: mates[0].tools[0].edge: wrong", // absent: the item
		"mates[1].tools[0].kind":  "crew.yaml:13: mates[1].tools[0].kind: wrong", // absent: the item above it
		"orders.dusk":             "crew.yaml:14: orders.dusk: wrong",            // absent: the map
		"bosun.tools[3].kind":     "crew.yaml:3: bosun.tools[3].kind: wrong",     // all absent: where the keys begin
		"bosun":                   "crew.yaml:3: bosun: wrong",                   // absent
		"":                        "crew.yaml:3: wrong",                          // the whole
		"mates[7].tools[7].other": "crew.yaml:9: mates[7].tools[7].other: wrong", // absent: the list
		"grid[0][1]":              "crew.yaml:3: grid[0][1]: wrong",              // absent
	} {
		if err := f.Check([]Fault{{field, "wrong"}}); err == nil || err.Error() != want {
			t.Errorf("a fault of %q is reported as %v, want %s", field, err, want)
		}
	}
}

func TestCheckSorts(t *testing.T) {
	f, err := Read("crew.yaml", []byte(watch), new(crew))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Check(nil); err != nil {
		t.Errorf("Check() of no faults = %v", err)
	}
	faults := []Fault{{"mates[1]", "one"}, {"cook.name", "two"}, {"absent", "three"}, {"cook.name", "four"},
		{"name", "five"}}
	want := strings.Join([]string{
		"crew.yaml:3: absent: three", "crew.yaml:3: name: five",
		"crew.yaml:8: cook.name: two", "crew.yaml:8: cook.name: four", "crew.yaml:13: mates[1]: one",
	}, "\n")
	if err := f.Check(faults); err == nil || err.Error() != want {
		t.Errorf("Check() =\n%v\nwant\n%s", err, want)
	}
	if faults[0].Message != "one" {
		t.Error("Check() sorted its caller's list")
	}
}

func TestBelow(t *testing.T) {
	faults := []Fault{{"", "a"}, {"name", "b"}, {"[2].name", "c"}, At("tools", 3, "is %s", "d"), Faultf("x", "100%%")}
	want := []Fault{{"cook", "a"}, {"cook.name", "b"}, {"cook[2].name", "c"}, {"cook.tools[3]", "is d"},
		{"cook.x", "100%"}}
	if got := Below("cook", faults); !reflect.DeepEqual(got, want) {
		t.Errorf("Below() = %q, want %q", got, want)
	}
	if faults[0].Field != "" {
		t.Error("Below() changed its caller's list")
	}
	if got := Below("cook", nil); len(got) != 0 {
		t.Errorf("Below() of no faults = %q", got)
	}
}

// TestCheckReportsFormAndMeaning holds that a person sees all faults of a file at once, and none twice: what has not
// the right form is not found meaningless besides.
func TestCheckReportsFormAndMeaning(t *testing.T) {
	var got crew
	f, err := Read("crew.yaml",
		[]byte("name: [x]\ncook: ann\nnaem: x\nroster: [a, {}, c]\nready: true\nmates: [{name: d}]\n"), &got)
	if f == nil {
		t.Fatalf("Read() gives no File to place more faults with, only the error %v", err)
	}
	if !got.Ready || len(got.Mates) != 1 || got.Mates[0].Name != "d" {
		t.Errorf("what has the right form was not decoded: %+v", got)
	}
	err = f.Check([]Fault{{"name", "missing"}, {"cook.name", "missing"}, {"ready", "too early"}, {"roster[1]", "unknown"},
		{"roster[2]", "unknown"}})
	want := strings.Join([]string{
		"crew.yaml:1: name: want a single value",
		"crew.yaml:2: cook: want keys and values, one of: name, tools",
		"crew.yaml:3: naem: unknown key; known here: name, ready, roster, cook, bosun, mates, orders, grid, ages, " +
			"course; did you mean name?",
		"crew.yaml:4: roster[1]: want a single value",
		"crew.yaml:4: roster[2]: unknown",
		"crew.yaml:5: ready: too early",
	}, "\n")
	if err == nil || err.Error() != want {
		t.Errorf("Check() =\n%v\nwant\n%s", err, want)
	}
}
