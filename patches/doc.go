// Package patches reads a series of patches and applies it to a tree of files.
//
// A hunk applies only where all of its lines match exactly: there is no fuzz. It
// may move to another line, and then the result says by how far. A series is all
// or nothing: nothing is written, and the result is what differs from the tree
// that the series was applied to.
//
// ReadSeries reads a folder as quilt keeps it: a file named series, with the name
// of a patch on each line, and the patches. Patches may be made by git, with
// renames, modes, symbolic links and binary files, or be plain unified diffs.
//
//	series, err := patches.ReadSeries("patches")
//	if err != nil {
//		return err
//	}
//	base, err := filetree.Scan(ctx, "upstream")
//	if err != nil {
//		return err
//	}
//	result, err := patches.Apply(base, series)
//	if err != nil {
//		return err
//	}
//	patched, err := filetree.Dir{Path: "patched"}.Update(ctx, base, result.Changes)
//
// Steps applies a series too, and returns the changes of each patch by itself.
// Rebase moves a series to another version of the tree and says of each patch
// whether it applies there, has to be merged, conflicts, or is in it already.
//
// # Errors
//
// The error of a patch that does not apply is an *ApplyError. It has a fault for
// each file: a *Conflict says which hunk met which line instead of the one that it
// expects. The error of a patch that cannot be read is a *ParseError. Both have a
// field by which the caller adds what this package does not know, such as the name
// of the tree:
//
//	if e, ok := errors.AsType[*patches.ApplyError](err); ok {
//		named := *e
//		named.Onto = "example.org/ship@v1.4.1"
//		return &named
//	}
//
// # Trust
//
// A patch cannot write outside the tree: names that are absolute, lead upwards or
// into a .git folder are refused, and so are symbolic links that lead out and
// files below a symbolic link.
package patches
