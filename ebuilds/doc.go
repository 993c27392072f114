// Package ebuilds writes Gentoo overlays: repositories of ebuilds that compile a
// fork, or install it precompiled.
//
// For each [Fork] an [Overlay] has up to three packages, and packages for the users
// of its services. For a project named ship these are:
//
//   - ship compiles the fork from source, with its patches.
//   - ship-bin installs the same programs precompiled.
//   - ship-meta depends on ship or ship-bin. It exists if the fork has packages
//     that are only a name for others.
//   - acct-user/NAME and acct-group/NAME create a user and its group. They exist
//     for the users whose ids are in [Project].
//
// The packages that a fork has as debs or rpms are USE flags of these ebuilds.
//
// [Overlay.Merge] adds the ebuilds to an existing overlay, or makes a new one, and
// returns all of its files:
//
//	old := ebuilds.Tree{} // the overlay's files by path; empty for a new one
//	files, notes, err := ebuilds.Overlay{
//		Name:       "acme",
//		Maintainer: "Mate <mate@example.org>",
//		Forks:      []ebuilds.Fork{fork},
//	}.Merge(old)
//
// Files that were changed by hand since the last run stay as they are, and the
// notes say so. Merge fails if the files that it wrote do not pass [Tree.Check].
//
// Ebuilds fetch distfiles, and the overlay has their sums. To write both:
//
//  1. Fill in the Fork, and set its Revision to [Fork.Latest].
//  2. Write the distfiles. [Fork.Unpacked] returns the content of the one named
//     files, and [Fork.TooLarge] that of the one named patches, if it is needed.
//  3. Set Fork.Distfiles. [Sum] computes the sums of a file.
//  4. If [Fork.Differs] reports true, increase the Revision by one and write the
//     distfile named files again. Portage does not rebuild an installed package
//     when its ebuild changes, but it does for a new revision.
//  5. Call Merge, and write the files that it returns.
//
// Portage starts faster if an overlay has metadata/md5-cache. To add it, run
// [MetadataScript] and pass its output to [Tree.Cache].
//
// Only Sum reads files, and nothing writes them. The package follows the Package
// Manager Specification for EAPI 8, https://projects.gentoo.org/pms/8/pms.html,
// and Gentoo's developer manual, https://devmanual.gentoo.org.
package ebuilds
