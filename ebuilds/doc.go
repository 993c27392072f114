// Package ebuilds writes Gentoo overlays: repositories of ebuilds that compile a
// fork, or install it precompiled.
//
// An [Overlay] has up to three packages of each [Fork], and accounts. Of a
// project that is called ship:
//
//   - ship compiles the fork from source, with its patches.
//   - ship-bin installs the same programs precompiled.
//   - ship-meta depends on ship or ship-bin. It exists where the fork has
//     packages that are only a name for others.
//   - acct-user/NAME and acct-group/NAME create a user that services run as.
//     They exist for the users that [Project] gives an id.
//
// A fork's packages, which are those of a deb or an rpm too, become USE flags of
// these ebuilds.
//
// Most callers need only [Overlay.Merge]. It adds the ebuilds to an overlay that
// exists, or makes a new one, and returns all of its files:
//
//	old := ebuilds.Tree{} // the overlay's files by path; empty for a new one
//	files, notes, err := ebuilds.Overlay{
//		Name:       "acme",
//		Maintainer: "Mate <mate@example.org>",
//		Forks:      []ebuilds.Fork{fork},
//	}.Merge(old)
//
// What somebody changed by hand since the last run stays, and the notes say so.
// All files that Merge writes have passed [Tree.Check].
//
// Ebuilds fetch distfiles, whose sums are in the overlay. To make them:
//
//  1. Fill in the [Fork], and set its Revision to [Fork.Latest].
//  2. Write what [Fork.Unpacked] returns to a tarball, and what
//     [Fork.TooLarge] returns, if anything, to another. Note both in
//     Fork.Distfiles, with the upstream's source, its modules, and the programs
//     of each architecture; [Sum] computes the sums.
//  3. If [Fork.Differs] reports that the overlay has other ebuilds of the same
//     revision, raise the Revision by one and write the files again: who has
//     installed an ebuild gets a change only with a new revision.
//  4. Merge.
//
// Portage starts faster in an overlay that has metadata/md5-cache. To write it,
// run [MetadataScript] and pass its output to [Tree.Cache].
//
// Apart from Sum the package reads and writes no files. It follows the Package
// Manager Specification for EAPI 8, https://projects.gentoo.org/pms/8/pms.html,
// and Gentoo's developer manual, https://devmanual.gentoo.org.
package ebuilds
