// Package testschema generates the JSON schemas in docs from the structs of packages, for their
// tests.
package testschema

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"
)

// Reflect generates the JSON schema of a value of a package, which is the package under
// test, from its structs and their comments.
func Reflect(t testing.TB, pkg, title string, value any) *jsonschema.Schema {
	t.Helper()
	r := &jsonschema.Reflector{Anonymous: true, DoNotReference: true, ExpandedStruct: true}
	if err := r.AddGoComments(pkg, ".", jsonschema.WithFullComment()); err != nil {
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
func Property(t testing.TB, s *jsonschema.Schema, key string) *jsonschema.Schema {
	t.Helper()
	sub, ok := s.Properties.Get(key)
	if !ok {
		t.Fatalf("the schema has no %s", key)
	}
	return sub
}

// Encode returns a schema as docs has it.
func Encode(t testing.TB, s *jsonschema.Schema) []byte {
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
