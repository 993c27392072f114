package verify

import "github.com/slipway-build/slipway/artifact"

// checkRecord checks that artifacts.json describes every file as it is, and no other.
func (v *verification) checkRecord() Check {
	c := Check{Name: "record", Of: "files as artifacts.json has them"}
	seen := map[string]bool{}
	for _, a := range v.release.Artifacts {
		if a.Kind == artifact.Image {
			continue // see checkImages
		}
		facts := v.facts[a.Path]
		switch {
		case seen[a.Path]:
			c.fault(a.Path, publish, "artifacts.json has it twice")
		case facts == nil:
			c.fault(a.Path, again, "artifacts.json has it, and it is missing")
		case a.Size != facts.size:
			c.fault(a.Path, again, "it has %d bytes, and artifacts.json says %d", facts.size, a.Size)
		case a.Digest != "sha256:"+facts.sha256:
			c.fault(a.Path, again, "its digest is sha256:%s, and artifacts.json says %s", facts.sha256, a.Digest)
		default:
			c.Count++
		}
		v.checkUnsigned(&c, a)
		seen[a.Path] = true
	}
	for _, name := range v.paths {
		if !seen[name] && !v.unlisted(name) && name != artifact.ReleaseFile {
			c.fault(name, "remove it, or "+again, "artifacts.json does not have it")
		}
	}
	return c.done()
}
