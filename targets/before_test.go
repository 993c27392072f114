package targets

import (
	"fmt"
	"strings"
	"testing"
)

// TestImagesIn finds what makes images before a target of a line.
func TestImagesIn(t *testing.T) {
	t.Setenv("REGISTRY", "v.example.org")
	t.Setenv("IMAGES", "")
	for line, want := range map[string]string{
		"push":       "none",
		"cross push": "none",
		"push image": "none",
		"image deb":  "none",
		"image push": "v.example.org []",
		"image -registry=a.example.org push -registry=b.example.org":       "a.example.org []",
		"image --registry=a.example.org --images=ship,mate push":           "a.example.org [ship mate]",
		"image -fork=x cross -registry=b.example.org push":                 "v.example.org []",
		"image -registry= push":                                            "[]",
		"slipway:Image slipway:push":                                       "v.example.org []",
		"release push":                                                     "[]",
		"release:merge shards -force push":                                 "[]",
		"release:notes release:verify x push":                              "none",
		"image -registry=a.example.org image -registry=b.example.org push": "b.example.org []",
		"push image -registry=a.example.org push":                          "none", // the first of them
	} {
		got := "none"
		if r := imagesIn(strings.Fields(line), "push"); r != nil {
			got = fmt.Sprint(r.Registry, " ", r.Images)
		}
		if want = strings.TrimSpace(want); strings.TrimSpace(got) != want && !(want == "" && got == "[]") {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}
