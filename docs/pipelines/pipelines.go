// Package pipelines holds the pipelines that release a project's forks on a CI service, as
// users copy them and as new projects begin with them.
package pipelines

import "embed"

// Files has each pipeline by its name here.
//
//go:embed *.yml *.yaml
var Files embed.FS
