package cross

import (
	"errors"
	"fmt"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"github.com/slipway-build/slipway/internal/run"
)

// The compiler and the linker end soon, so most of what they collect they would
// never need again. They collect nothing until a process has enoughHeap, or its
// share of half the memory; where that is less than leastHeap, Go's defaults use
// less memory.
const (
	enoughHeap = 3 << 30
	leastHeap  = 1 << 30
)

// heap returns the collector's variables for a go command that starts as many
// processes at a time as jobs tells, on a machine with as many bytes of memory.
func heap(memory uint64, jobs int) []string {
	share := memory / 2 / uint64(jobs+1) // the go command is one more
	if share < leastHeap {
		return nil
	}
	return []string{"GOGC=off", fmt.Sprintf("GOMEMLIMIT=%d", min(share, enoughHeap))}
}

// withHeap returns env with the collector's variables, unless the user has set one.
func withHeap(env run.Env, jobs int) run.Env {
	if env.Get("GOGC") != "" || env.Get("GOMEMLIMIT") != "" {
		return env
	}
	return env.With(heap(memory(), jobs)...)
}

// memory returns how many bytes of memory this process and its children may have:
// the machine's, or those of its cgroup; 0 if that cannot be found out.
func memory() uint64 {
	system, err := memlimit.FromSystem()
	if err != nil {
		return 0
	}
	group, err := memlimit.FromCgroup()
	for _, none := range []error{memlimit.ErrNoLimit, memlimit.ErrNoCgroup, memlimit.ErrCgroupsNotSupported} {
		if errors.Is(err, none) {
			return system
		}
	}
	if err != nil {
		return 0
	}
	return min(system, group)
}
