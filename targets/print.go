package targets

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"github.com/slipway-build/slipway"
	"github.com/slipway-build/slipway/doctor"
	"github.com/slipway-build/slipway/internal/show"
	"github.com/slipway-build/slipway/internal/text"
)

// newPrinter returns what shows events on out, the whole time until close is called.
func newPrinter(out *os.File, verbose, asJSON bool) (p *show.Printer, close func()) {
	o := show.Options{Out: out, Now: time.Now, JSON: asJSON, Verbose: verbose, Times: timesFile()}
	if term.IsTerminal(int(out.Fd())) && os.Getenv("TERM") != "dumb" {
		o.Size = func() (int, int) { return sizeOf(out) }
		o.Color = os.Getenv("NO_COLOR") == "" // https://no-color.org
	}
	p = show.New(o)
	ticks, stop := time.NewTicker(200*time.Millisecond), make(chan struct{})
	go func() {
		for {
			select {
			case <-ticks.C:
				p.Tick()
			case <-stop:
				return
			}
		}
	}()
	return p, sync.OnceFunc(func() {
		ticks.Stop()
		stop <- struct{}{}
		p.Close()
	})
}

// timesFile is where it is remembered how long stages took. A target runs in the folder of
// its project.
func timesFile() string { return filepath.Join("dist", ".cache", "times.json") }

// sizeOf returns the size of a terminal; of what it does not tell, the usual one.
func sizeOf(terminal *os.File) (columns, rows int) {
	columns, rows, _ = term.GetSize(int(terminal.Fd()))
	return cmp.Or(columns, 80), cmp.Or(rows, 24)
}

// printReport prints a report as its lines, or as JSON for programs.
func printReport(lines []string, report any, asJSON bool) error {
	if asJSON {
		return printJSON(report)
	}
	_, err := fmt.Println(spoken(strings.Join(lines, "\n")))
	return err
}

// printChecks prints the results of the doctor's checks, for people or for programs. It
// returns an error if something that a fork needs is missing.
func printChecks(checks []slipway.Check, asJSON bool) error {
	missing := 0
	for _, c := range checks {
		if !c.OK && c.Needed {
			missing++
		}
	}
	show := checksTable
	if asJSON {
		show = checksJSON
	}
	if err := show(checks); err != nil {
		return err
	}
	if missing > 0 {
		return fmt.Errorf("this machine is missing %s", text.Count(missing, "requirement"))
	}
	return nil
}

func checksJSON(checks []slipway.Check) error {
	return printJSON(doctor.Report{Checks: checks})
}

func checksTable(checks []slipway.Check) error {
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, c := range checks {
		mark := "ok"
		switch {
		case !c.OK && c.Needed:
			mark = "MISSING"
		case !c.OK:
			mark = "-"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", mark, c.Name, c.Detail)
		if !c.OK && c.Remedy != "" {
			fmt.Fprintf(t, "\t\t%s\n", spoken(c.Remedy))
		}
	}
	return t.Flush()
}
