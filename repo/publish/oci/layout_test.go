package oci

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/registry"
)

func TestParse(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0a", 32)
	for text, want := range map[string]string{
		"oci://registry.example.org/acme/packages":                       "registry.example.org/acme/packages latest false",
		"oci://registry.example.org:5000/packages":                       "registry.example.org:5000/packages latest false",
		"oci://registry.example.org/acme/packages:testing":               "registry.example.org/acme/packages testing false",
		"oci://registry.example.org:5000/packages:testing?insecure=true": "registry.example.org:5000/packages testing true",
		"oci://registry.example.org/p@" + digest:                         "registry.example.org/p " + digest + " false",
		"oci://localhost/packages":                                       "localhost/packages latest false",
		"https://registry.example.org/acme/packages":                     "want a URL such as oci://",
		"oci:registry.example.org/acme":                                  "want a URL such as oci://",
		"oci://registry.example.org":                                     "it names no repository",
		"oci://registry.example.org/":                                    "it names no repository",
		"oci://mate:secret@registry.example.org/acme":                    "log in with docker login",
		"oci://registry.example.org/acme?tag=x":                          "only ?insecure=true can follow",
		"oci://registry.example.org/acme?insecure=true&tag=x":            "only ?insecure=true can follow",
		"oci://registry.example.org/acme#x":                              "only ?insecure=true can follow",
		"oci://registry.example.org/Acme":                                "can only contain the characters",
		"oci://registry.example.org/acme:a~b":                            "tag",
		"oci://registry/acme":                                            "want a host",
		"oci://registry.example.org/acme@sha256:0":                       "digest",
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		l, err := parse(u)
		got := fmt.Sprint(l.name, " ", l.reference, " ", l.insecure)
		if err != nil {
			got = err.Error()
		}
		if err == nil && got != want || !strings.Contains(got, want) || strings.Contains(got, "secret") {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

// paths returns n paths below a folder.
func paths(folder string, n int) (out []file) {
	for i := range n {
		out = append(out, file{path: fmt.Sprintf("%s/captain_%06d.deb", folder, i)})
	}
	return out
}

func TestSplit(t *testing.T) {
	for name, c := range map[string]struct {
		files []file
		want  []string // the folders
	}{
		"nothing": {},
		"files at the root and in folders": {
			files: []file{{path: "state/a"}, {path: "index.json"}, {path: "apt/b.sources"}, {path: "apt/dists/a/b/c"},
				{path: "apt/dists/b"}, {path: "release/v1/a"}, {path: "release/v2/a"}, {path: "release/stable.txt"}},
			want: []string{"apt", "apt/dists", ".", "release", "release/v1", "release/v2", "state"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, run := range split(c.files) {
				got = append(got, folder(run[0].path))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("the folders are %q, want %q", got, c.want)
			}
		})
	}
}

// TestSplitIsStable checks that one file more changes few runs, and that none is too long.
func TestSplitIsStable(t *testing.T) {
	files := paths("apt/pool", 20000)
	text := func(runs [][]file) map[string]bool {
		out := map[string]bool{}
		for _, run := range runs {
			if len(run) > most {
				t.Errorf("a run has %d files", len(run))
			}
			out[fmt.Sprint(run)] = true
		}
		return out
	}
	before := text(split(slices.Clone(files)))
	if len(before) < 20000/usual/2 || len(before) > 20000/usual*2 {
		t.Errorf("%d files are %d runs", len(files), len(before))
	}
	for _, at := range []int{0, 7, 9999, 19999} {
		more := append(slices.Clone(files), file{path: files[at].path + "x"})
		changed := 0
		for run := range text(split(more)) {
			if !before[run] {
				changed++
			}
		}
		if changed == 0 || changed > 4 {
			t.Errorf("one file after %s changes %d runs", files[at].path, changed)
		}
	}
}

// descriptorSchema is that of the image specification, as far as it says what is
// required (https://github.com/opencontainers/image-spec/tree/v1.1.1/schema).
const descriptorSchema = `{"type":"object","required":["mediaType","digest","size"],"properties":{
	"mediaType":{"pattern":"^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$"},
	"digest":{"pattern":"^sha256:[a-f0-9]{64}$"},"size":{"type":"integer","minimum":0},
	"annotations":{"type":"object","additionalProperties":{"type":"string"}}}}`

// TestLayOut checks manifests by the image specification, and that they can be read back.
func TestLayOut(t *testing.T) {
	s := stateOf("20260102T030405Z", 700)
	lists, err := layOut(s.entries())
	if err != nil {
		t.Fatal(err)
	}
	index, err := indexOf(s.id, lists)
	if err != nil {
		t.Fatal(err)
	}
	checkSchema(t, index.Data, `{"type":"object","required":["schemaVersion","manifests","artifactType","mediaType"],
		"properties":{"schemaVersion":{"const":2},"manifests":{"type":"array","items":`+descriptorSchema+`}}}`)
	v, err := viewOf("index", index)
	if err != nil || len(v.lists) != len(lists) {
		t.Fatalf("the index is read as %d lists (%v), want %d", len(v.lists), err, len(lists))
	}
	at := map[string]string{}
	for _, l := range lists {
		checkSchema(t, l.data, `{"type":"object","required":["schemaVersion","config","layers","artifactType"],
			"properties":{"schemaVersion":{"const":2},"config":`+descriptorSchema+`,
			"layers":{"type":"array","minItems":1,"items":`+descriptorSchema+`}}}`)
		files, err := filesOf("list", l.data)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			at[f.path] = f.digest
			holder, ok := v.holder(l.Annotations[partKey], f.path)
			if !ok || holder.Digest != l.Digest {
				t.Errorf("%s is looked for in another list than that which has it", f.path)
			}
		}
	}
	for _, e := range s.entries() {
		if at[e.Path] != "sha256:"+e.SHA256 {
			t.Errorf("%s is listed as %q", e.Path, at[e.Path])
		}
	}
	slices.Reverse(s.files)
	again, err := layOut(s.entries())
	if err != nil || fmt.Sprint(again) != fmt.Sprint(lists) {
		t.Errorf("another order of files makes other manifests (%v)", err)
	}
}

func checkSchema(t *testing.T, data []byte, schema string) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err == nil {
		err = testkit.Schema(t, []byte(schema)).Validate(doc)
	}
	if err != nil {
		t.Errorf("%v\n%.300s", err, data)
	}
}

func TestMediaType(t *testing.T) {
	for path, want := range map[string]string{
		"apt/pool/0a/captain_1_amd64.deb":                  "application/vnd.debian.binary-package",
		"rpm/packages/0a/captain-1.x86_64.rpm":             "application/x-rpm",
		"release/v1/ship.tar.gz":                           "application/gzip",
		"apt/dists/s/InRelease":                            "text/plain",
		"apt/dists/s/main/binary-amd64/Packages":           "text/plain",
		"apt/dists/s/main/binary-amd64/by-hash/SHA256/abc": "application/octet-stream",
		"release/v1/bin/linux/amd64/captain":               "application/octet-stream",
		"index.json":                                       "application/json",
	} {
		if got := mediaType(path); string(got) != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

// TestReadRefuses checks what is said of an index and of manifests that somebody changed.
func TestReadRefuses(t *testing.T) {
	list := func(part, first string) string {
		return `{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":1,"digest":"sha256:` +
			strings.Repeat("0", 64) + `","annotations":{"` + partKey + `":"` + part + `","` + firstKey + `":"` + first + `"}}`
	}
	index := func(lists ...string) string {
		return `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","annotations":{"` + formatKey +
			`":"1"},"manifests":[` + strings.Join(lists, ",") + `]}`
	}
	for name, c := range map[string]struct{ index, want string }{
		"an image":          {`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json"}`, foreign},
		"no JSON":           {`{"schemaVersion":`, foreign},
		"an unknown part":   {index(list("tail", "a")), "its index was changed"},
		"out of order":      {index(list(contentPart, "b"), list(contentPart, "a")), "its index was changed"},
		"no path":           {index(list(contentPart, "")), "its index was changed"},
		"as it is made":     {index(list(pointsPart, "b"), list(contentPart, "a"), list(contentPart, "b")), ""},
		"an empty one, too": {index(), ""},
	} {
		_, err := viewOf("registry.example.org/acme", registry.Manifest{Data: []byte(c.index)})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	for _, path := range []string{"../a", "/etc/passwd", "a/../b", "", ".", "a//b"} {
		data := `{"schemaVersion":2,"artifactType":"` + FilesType + `","layers":[{"mediaType":"a/b","size":1,` +
			`"digest":"sha256:` + strings.Repeat("0", 64) + `","annotations":{"` + title + `":"` + path + `"}}]}`
		_, err := filesOf("list", []byte(data))
		if err == nil || !strings.Contains(err.Error(), "not a path of a file in a repository") {
			t.Errorf("the path %q: %v", path, err)
		}
	}
}
