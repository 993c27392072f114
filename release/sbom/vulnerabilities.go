package sbom

import (
	"maps"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/slipway-build/slipway/artifact"
)

// vulnerabilities returns the document that says what vulnerabilities mean for the
// release. about are the BOM-Links of its products by the paths of their documents.
func (a *assembler) vulnerabilities(about map[string]string) ([]byte, error) {
	bom := a.bom()
	bom.Metadata.Lifecycles = nil
	bom.Metadata.Component = &cdx.Component{
		Type: cdx.ComponentTypeApplication, BOMRef: a.Release.Fork, Name: a.Release.Name, Version: a.Release.Version,
		Manufacturer: entity(a.creator),
	}
	list := []cdx.Vulnerability{}
	for _, v := range a.Vulnerabilities {
		var paths []string // links have digests, which other signatures change: their order would, too
		for _, product := range a.Release.Artifacts {
			if v.concerns(product) {
				paths = slices.AppendSeq(paths, maps.Values(Paths(product)))
			}
		}
		slices.Sort(paths)
		affects := []cdx.Affects{}
		for _, at := range paths {
			affects = append(affects, cdx.Affects{Ref: about[at]})
		}
		list = append(list, cdx.Vulnerability{
			BOMRef: v.ID, ID: v.ID, Source: sourceOf(v.ID), Affects: &affects,
			Analysis: &cdx.VulnerabilityAnalysis{
				State: cdx.ImpactAnalysisState(v.State), Justification: cdx.ImpactAnalysisJustification(v.Justification),
				Detail: v.Detail,
			},
		})
	}
	slices.SortStableFunc(list, func(a, b cdx.Vulnerability) int { return strings.Compare(a.ID, b.ID) })
	bom.Vulnerabilities = &list
	data, _, err := encode(bom)
	return data, err
}

// concerns reports whether the vulnerability is about something that holds binaries.
func (v Vulnerability) concerns(a artifact.Released) bool {
	holds := a.Holds
	if a.Kind == artifact.Binary {
		holds = append(slices.Clone(holds), a.Name)
	}
	return len(holds) > 0 && (len(v.Components) == 0 ||
		slices.ContainsFunc(holds, func(name string) bool { return slices.Contains(v.Components, name) }))
}
