// Package docscript reads the commands of a page, with what they print, and runs them.
package docscript
