package artifact

// FixedBy returns the names of the patches that fix each vulnerability, by its id.
func FixedBy(patches []ReleasedPatch) map[string][]string {
	out := map[string][]string{}
	for _, p := range patches {
		for _, id := range p.CVEs {
			out[id] = append(out[id], p.Name)
		}
	}
	return out
}
