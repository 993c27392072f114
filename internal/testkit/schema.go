package testkit

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	reflected "github.com/invopop/jsonschema"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Schema compiles a JSON schema, which needs no other.
func Schema(t testing.TB, text []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ReflectSchema generates the JSON schema of a value of a package, which is the package under
// test, from its structs and their comments.
func ReflectSchema(t testing.TB, pkg, title string, value any) *reflected.Schema {
	t.Helper()
	r := &reflected.Reflector{Anonymous: true, DoNotReference: true, ExpandedStruct: true}
	if err := r.AddGoComments(pkg, ".", reflected.WithFullComment()); err != nil {
		t.Fatal(err)
	}
	for name, comment := range r.CommentMap {
		r.CommentMap[name] = strings.Join(strings.Fields(comment), " ")
	}
	s := r.Reflect(value)
	s.Title = title
	return s
}

// Property returns the schema of a field.
func Property(t testing.TB, s *reflected.Schema, key string) *reflected.Schema {
	t.Helper()
	sub, ok := s.Properties.Get(key)
	if !ok {
		t.Fatalf("the schema has no %s", key)
	}
	return sub
}

// EncodeSchema returns a schema as docs has it.
func EncodeSchema(t testing.TB, s *reflected.Schema) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Valid returns what a schema says of JSON.
func Valid(t testing.TB, schema, data []byte) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return Schema(t, schema).Validate(value)
}
