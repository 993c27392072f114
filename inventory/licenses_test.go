package inventory

import (
	"reflect"
	"testing"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/licenses"
)

const isc = `Permission to use, copy, modify, and/or distribute this software for any
purpose with or without fee is hereby granted, provided that the above
copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY
SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR
IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
`

func TestDetect(t *testing.T) {
	rope, bare := testkit.Lay(t, map[string]string{
		"LICENSE": "Copyright 2025 Mate\n\n" + isc, "knots/knot.go": "package knots\n",
	}), t.TempDir()
	got, err := Detect([]cross.Package{
		{Dir: rope, Root: rope, Module: "example.org/rope@v1.0.0"},
		{Dir: rope + "/knots", Root: rope, Module: "example.org/rope@v1.0.0"},
		{Dir: bare, Root: bare, Module: "example.org/bare@v1.0.0"},
	})
	want := map[string][]string{"example.org/rope@v1.0.0": {"ISC"}, "example.org/bare@v1.0.0": nil}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	if _, err := Detect([]cross.Package{{Dir: bare + "/none", Root: bare, Module: "example.org/bare@v1"}}); err == nil {
		t.Error("a folder that does not exist has licenses")
	}
}

func TestComplete(t *testing.T) {
	found := map[string][]string{"example.org/rope@v1.0.0": {"ISC"}, "example.org/Bare@v1.0.0": nil}
	got, err := Complete(found, licenses.Declared{"example.org/Bare": "MIT AND ISC", "example.org/rope": "0BSD"}, "/mod")
	want := map[string][]string{"example.org/rope@v1.0.0": {"0BSD"}, "example.org/Bare@v1.0.0": {"ISC", "MIT"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	_, err = Complete(found, nil, "/mod")
	const message = "module example.org/Bare v1.0.0: no license text in /mod/example.org/!bare@v1.0.0 is known, " +
		"but the licenses of everything that is linked must be named:\n" +
		"  find out which it is, and add it to fork.yaml: release: {licenses: {example.org/Bare: MIT}}"
	if err == nil || err.Error() != message {
		t.Errorf("the error is %v, want %s", err, message)
	}
}
