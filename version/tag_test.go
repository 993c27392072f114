package version

import "testing"

func TestTag(t *testing.T) {
	for text, want := range map[string]string{
		"1.36.1":                "v1.36.1",
		"1.36.1+acme.1":         "v1.36.1_acme.1",
		"1.37.0-rc.1+acme-x.12": "v1.37.0-rc.1_acme-x.12",
	} {
		v, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := v.Tag(); got != want {
			t.Errorf("the tag of %s is %s, want %s", text, got, want)
		}
		if back, err := ParseTag(want); err != nil || back.String() != text {
			t.Errorf("the tag %s is read as %s, %v; want %s", want, back, err, text)
		}
	}
	for _, tag := range []string{"1.36.1", "latest", "v1.36", "v1.36.1+acme.1", "v1.36.1_a_b", ""} {
		if v, err := ParseTag(tag); err == nil {
			t.Errorf("the tag %q is read as %s", tag, v)
		}
	}
}
