package targets

import (
	"os"
	"slices"
	"strings"

	"github.com/slipway-build/slipway"
)

// imagesBefore returns what the target image is asked on the line of this process, before
// another target; nil if nothing before that makes images.
func imagesBefore(target string) *slipway.ImageRequest {
	return imagesIn(wordsOf(os.Args[1:]), target)
}

// makers are the targets that make images.
func makers() []string { return []string{"image", "release", "release:merge"} }

// imagesIn returns what is asked of the last of makers that some words have before a target.
func imagesIn(words []string, target string) *slipway.ImageRequest {
	names := func(word, target string) bool {
		word = strings.ToLower(word)
		return word == target || strings.HasSuffix(word, ":"+target)
	}
	end := slices.IndexFunc(words, func(w string) bool { return names(w, target) })
	var out *slipway.ImageRequest
	for i, word := range words[:max(end, 0)] {
		if !slices.ContainsFunc(makers(), func(maker string) bool { return names(word, maker) }) {
			continue
		}
		out = &slipway.ImageRequest{}
		if names(word, "image") {
			flags := words[i+1 : end]
			out.Registry = given(flags, "registry", setting("REGISTRY", nil))
			out.Images = list(given(flags, "images", setting("IMAGES", nil)))
		}
	}
	return out
}

// given returns the value of a flag of the target that the words follow, or another if it is
// not given.
func given(words []string, name, other string) string {
	for _, word := range words {
		flag, ok := strings.CutPrefix(word, "-")
		if !ok {
			break
		}
		if value, ok := strings.CutPrefix(strings.TrimPrefix(flag, "-"), name+"="); ok {
			return value
		}
	}
	return other
}
