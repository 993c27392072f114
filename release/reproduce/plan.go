package reproduce

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-build/slipway/internal/run"
)

// otherUser is the number of the user that a rebuild takes itself for.
const otherUser = 4711

// A plan is the environment of a rebuild.
type plan struct {
	project, home, temp, cache string // folders

	env     run.Env
	umask   string
	user    int // 0 is the one of this process
	changes []Change
}

// goSettings are what the user has told the go command.
type goSettings struct{ GOENV, GOMODCACHE, GOCACHE string }

// newPlan decides what is different in the rebuild, and what cannot be.
func newPlan(ctx context.Context, r Request) (plan, error) {
	p := plan{
		project: filepath.Join(r.Work, "project"), home: filepath.Join(r.Work, "home"),
		temp: filepath.Join(r.Work, "tmp"), cache: filepath.Join(r.Work, "gocache"), umask: "0077",
	}
	date, err := time.Parse(time.RFC3339, r.Record.Date)
	if err != nil {
		return p, err
	}
	var settings goSettings
	out, err := r.Runner.Output(ctx, run.Cmd{Args: []string{"go", "env", "-json", "GOENV", "GOMODCACHE", "GOCACHE"},
		Dir: r.Project, Env: r.Env})
	if err == nil {
		err = json.Unmarshal(out, &settings)
	}
	if err != nil {
		return p, err
	}
	here, err := r.Runner.Output(ctx, run.Cmd{Args: []string{"sh", "-c", "umask; id -u"}, Env: r.Env})
	if err != nil {
		return p, err
	}
	umask, user, _ := strings.Cut(strings.TrimSpace(string(here)), "\n")
	if umask == p.umask {
		p.umask = "0022"
	}
	p.settle(r, settings, date)
	p.changes = append(p.changes, change("umask", umask, p.umask), p.asUser(ctx, r, user),
		Change{What: "clock", Here: "the machine's", There: "the machine's, later than at the release"})
	return p, ctx.Err()
}

// settle makes the variables of the rebuild. Whatever lets downloads through stays.
func (p *plan) settle(r Request, of goSettings, date time.Time) {
	home := r.Env.Get("HOME")
	locale := cmp.Or(r.Env.Get("LC_ALL"), r.Env.Get("LC_CTYPE"), r.Env.Get("LANG"), "C")
	zone := cmp.Or(r.Env.Get("TZ"), "the machine's")
	otherLocale, otherZone := "tr_TR.UTF-8", "Pacific/Chatham"
	if locale == otherLocale {
		otherLocale = "C"
	}
	if zone == otherZone {
		otherZone = "America/St_Johns"
	}
	p.env = r.Env.Without(func(key string) bool {
		return key == "PWD" || key == "OLDPWD" || key == "LANGUAGE" || strings.HasPrefix(key, "LC_")
	}).With(
		"HOME="+p.home, "TMPDIR="+p.temp, "XDG_CACHE_HOME="+filepath.Join(p.home, "cache"), "USER=reproducer",
		"LOGNAME=reproducer", "LANG="+otherLocale, "LC_ALL="+otherLocale, "TZ="+otherZone,
		"GOCACHE="+p.cache, "GOMODCACHE="+of.GOMODCACHE, "GOENV="+of.GOENV,
		"SOURCE_DATE_EPOCH="+strconv.FormatInt(date.Unix(), 10),
	)
	if r.Record.Go != "" { // a fork that needs another one still gets it
		p.env = p.env.With("GOTOOLCHAIN=" + r.Record.Go + "+auto")
	}
	for _, kept := range []struct{ key, file string }{{"DOCKER_CONFIG", ".docker"}, {"NETRC", ".netrc"},
		{"GIT_CONFIG_GLOBAL", ".gitconfig"}} {
		file := filepath.Join(home, kept.file)
		if _, err := os.Stat(file); err == nil && r.Env.Get(kept.key) == "" {
			p.env = p.env.With(kept.key + "=" + file)
		}
	}
	p.changes = []Change{
		change("folder", r.Project, p.project), change("home", home, p.home), change("locale", locale, otherLocale),
		change("time zone", zone, otherZone), change("build cache", of.GOCACHE, p.cache),
		change("module cache", of.GOMODCACHE, of.GOMODCACHE),
	}
}

// asUser tries whether a process can take itself for another user.
func (p *plan) asUser(ctx context.Context, r Request, user string) Change {
	err := r.Runner.Run(ctx, run.Cmd{Args: []string{"sh", "-c", ":"}, Env: r.Env, User: otherUser})
	if err != nil {
		return Change{What: "user", Here: user, There: fmt.Sprintf("%s, since there are no user namespaces", user)}
	}
	p.user = otherUser
	return change("user", user, strconv.Itoa(otherUser))
}

func change(what, here, there string) Change {
	return Change{What: what, Here: here, There: there, Differ: here != there}
}
