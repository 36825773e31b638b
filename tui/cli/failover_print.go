package cli

import (
	"fmt"
	"io"
	"slices"
	"time"

	"shardeck/shared/api"
)

// PrintFailover writes the steps of a failover, how long they took, and how long there was no
// primary.
func PrintFailover(w io.Writer, indent string, resp *api.FailoverResponse) {
	t := (&Table{Indent: indent}).Right(0, 1).Row("AT", "TOOK", "STEP", "TARGET", "", "")
	for _, s := range resp.Steps {
		t.Row(millis(s.AtMS), millis(s.MS), s.Name, s.Target, okOrFailed(s.OK), s.Detail)
	}
	t.Fprint(w)
	fmt.Fprintf(w, "%sthe primary is now %s with term %d (before: %s); took %s\n",
		indent, Clean(resp.Primary), resp.Term, Clean(orDash(resp.Previous)), millis(resp.TotalMS))
	if kind := kindText(resp.Kind); kind != "" {
		fmt.Fprintf(w, "%s%s\n", indent, Clean(kind))
	}
	if u := unavailable(resp); u != "" {
		fmt.Fprintf(w, "%swithout a primary for %s; row writes do not need one\n", indent, u)
	}
	if resp.Problem != nil {
		fmt.Fprintf(w, "%s! %s\n", indent, Clean(resp.Problem.Error()))
	}
}

func okOrFailed(ok bool) string {
	if ok {
		return "ok"
	}
	return "failed"
}

// kindText says how a failover came about.
func kindText(k api.FailoverKind) string {
	switch k {
	case api.FailoverPlanned:
		return "planned: the old primary handed over"
	case api.FailoverForced:
		return "forced: the old primary did not answer and was fenced"
	case api.FailoverAutomatic:
		return "automatic: the lease was free"
	case api.FailoverDryRun:
		return "dry run: nothing was changed"
	}
	return string(k)
}

// unavailable is the time without a primary, as far as the new one can know it.
func unavailable(resp *api.FailoverResponse) string {
	u := resp.Unavailable
	switch {
	case u == nil:
		return ""
	case u.AtMostMS == nil:
		return "at least " + millis(u.AtLeastMS)
	case *u.AtMostMS-u.AtLeastMS < 1:
		return millis(*u.AtMostMS)
	}
	return millis(u.AtLeastMS) + " to " + millis(*u.AtMostMS)
}

// printDryRun writes the checks of a failover that was not carried out, and its verdict.
func printDryRun(w io.Writer, target string, resp *api.FailoverResponse) {
	t := (&Table{}).Row("CHECK", "", "REQUIRED", "FORCEABLE", "FOUND")
	for _, ck := range resp.Checks {
		forceable := "-"
		if ck.Required {
			forceable = yesNo(ck.Forceable)
		}
		t.Row(ck.Name, okOrFailed(ck.OK), yesNo(ck.Required), forceable, ck.Detail)
	}
	t.Fprint(w)
	if p := resp.Problem; p != nil {
		fmt.Fprintf(w, "%s would be refused: %s\n", Clean(target), Clean(p.Detail))
		if h := hint(p); h != "" {
			fmt.Fprintf(w, "  next:  %s\n", Clean(h))
		}
		return
	}
	fmt.Fprintf(w, "%s can take over from %s, with a term later than %d; nothing was changed\n", Clean(target), Clean(orDash(resp.Primary)), resp.Term)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// printHistory writes the failovers of all masters, the newest first.
func printHistory(w io.Writer, all []masterFailovers) {
	var list []*api.FailoverResponse
	for i := range all {
		for k := range all[i].Failovers {
			list = append(list, &all[i].Failovers[k])
		}
	}
	if len(list) == 0 {
		fmt.Fprintln(w, "no failover since the masters started")
		return
	}
	slices.SortStableFunc(list, func(a, b *api.FailoverResponse) int { return b.At.Compare(a.At) })
	t := (&Table{}).Right(4, 5).Row("AT", "KIND", "PRIMARY", "BEFORE", "TERM", "TOOK", "WITHOUT A PRIMARY", "REASON")
	for _, f := range list {
		reason := f.Reason
		if f.Problem != nil {
			reason = "FAILED: " + f.Problem.Detail
		}
		t.Row(f.At.UTC().Format(time.DateTime), f.Kind, f.Primary, orDash(f.Previous), f.Term, millis(f.TotalMS), orDash(unavailable(f)), reason)
	}
	t.Fprint(w)
}
