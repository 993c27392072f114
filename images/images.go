// Package images makes container images, as the image specification of the Open
// Container Initiative describes them (https://github.com/opencontainers/image-spec).
// It needs no daemon and no root, and the same input makes the same bytes.
//
// # Making an image
//
// An image is made of files in four steps:
//
//   - Describe each layer as a slice of [File], all with fixed modes and owners.
//     [System] has the files that programs expect on any system.
//   - [Check] the files of all layers together, with the [Base] that the image is built on.
//   - Write the layers by one [LayerWriter], each to a file.
//   - [Image.Assemble] combines the base, the layers and the configuration into a
//     v1.Image of go-containerregistry. [Index] makes one index from the images for
//     several platforms.
//
// The packages layout, tarball and remote of go-containerregistry can write and
// push the result.
//
// # Which images a fork has
//
// [Settings] is what the maintainer of a fork decides: base image, compression,
// registry. [Recipes] is what is true of a project, as data: which images there are
// ([Recipes.Select]), how they start ([Recipe.Command]), and which static pods run
// them ([Pod.Render]).
//
// # Reproducible layers
//
// The entries of a layer are sorted by path, and have the time that the caller
// gives. [Compressor] makes the same bytes whatever the number of processors. A
// change of this package that changes the bytes of a layer counts [Revision] up, so
// that no cache returns an old one.
package images

// Revision is part of the cache key of a layer.
const Revision = 4
