package overlay

import "github.com/slipway-build/slipway/repo/tree"

// Distfiles returns what the ebuilds of releases fetch, each file once. Two releases whose
// distfiles have one name and other content are refused.
func Distfiles(releases []Release) ([]tree.File, error) { return nil, nil }

// Warnings tells of ebuilds that fetch distfiles from elsewhere than the repository at url.
func Warnings(releases []Release, url string) []string { return nil }
