package filetree

import "syscall"

// changed returns when the file or what is known of it changed.
func changed(st *syscall.Stat_t) int64 { return st.Ctimespec.Nano() }
