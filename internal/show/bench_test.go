package show

import (
	"io"
	"testing"
	"time"
)

// BenchmarkProgress is what one event of a compile costs on a terminal that is drawn five times
// a second, and in a pipe. The clock moves as in a compile of ten packages a second.
func BenchmarkProgress(b *testing.B) {
	for name, size := range map[string]func() (int, int){
		"terminal": func() (int, int) { return 120, 40 },
		"pipe":     nil,
	} {
		b.Run(name, func(b *testing.B) {
			now := time.Unix(1e9, 0)
			p := New(Options{Out: io.Discard, Now: func() time.Time { return now }, Size: size, Color: true})
			p.Event(started("cross", on, "captain"))
			for i := 0; b.Loop(); i++ {
				now = now.Add(100 * time.Millisecond)
				p.Event(progress("cross", on, i%2000, 2000, "packages"))
				if i%2 == 0 {
					p.Tick()
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
