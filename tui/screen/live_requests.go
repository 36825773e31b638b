package screen

import (
	"fmt"
	"strings"

	"shardeck/shared/api"
	"shardeck/tui/answer"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// paintRequests draws the latest requests, one a line, the newest at the bottom.
func (l *Live) paintRequests(a widget.Area, v *View) {
	in := a.Box(theme.Border, "Real requests", "newest at the bottom")
	in = in.Sub(1, 0, in.W-2, in.H)
	all := shown(v)
	if len(all) == 0 {
		paragraph(in, 0, 0, theme.Muted, "None yet. Run statements, or let a demo's traffic run.", in.H)
		return
	}
	all = all[max(len(all)-in.H, 0):]
	for i := range all {
		r := &all[i]
		y := in.H - len(all) + i
		x := in.Text(0, y, opRole(r), "● ")
		x = in.Text(x, y, theme.Text, fmt.Sprintf("%-7s", widget.Fit(r.Op, 7)))
		right := widget.Millis(r.MS)
		if refused(r) {
			right = "refused"
		}
		text, role := requestLine(r, in.W-x-widget.Width(right)-1)
		in.Text(x, y, role, text)
		in.TextRight(in.W, y, theme.Muted, right)
	}
}

// refused reports whether a master turned a request away without waiting for the shard, whose time
// then says nothing.
func refused(r *api.RecentRequest) bool {
	return r.MS < 1 && (r.Code == api.CodeShardTimeout || r.Code == api.CodeShardUnavailable)
}

// requestLine is what a request's line says in that width: why it failed first, and of its route
// everything that fits.
func requestLine(r *api.RecentRequest, width int) (string, theme.Role) {
	role, reason := theme.Text, ""
	if r.Code != "" {
		role, reason = theme.Bad, "✗ "+strings.ReplaceAll(string(r.Code), "_", " ")+" · "
	}
	routes := requestTexts(r)
	for _, text := range routes {
		if text = widget.Clean(reason + text); widget.Width(text) <= width {
			return text, role
		}
	}
	return widget.Fit(reason+routes[len(routes)-1], width), role
}

// keyRoute is the way from a key to its shard.
func keyRoute(k *api.RouteKey) string {
	return fmt.Sprintf("key %s → hash %d → slot %d → shard %d", k.Key, k.Hash, k.Slot, k.Shard)
}

// requestTexts say how a request found its shards, the longest first.
func requestTexts(r *api.RecentRequest) []string {
	if k := r.Key; k != nil {
		return []string{
			keyRoute(k),
			fmt.Sprintf("key %s → slot %d → shard %d", k.Key, k.Slot, k.Shard),
			fmt.Sprintf("key %s → %d → shard %d", k.Key, k.Slot, k.Shard),
			fmt.Sprintf("key %s → shard %d", k.Key, k.Shard),
			fmt.Sprintf("shard %d, key %s", k.Shard, k.Key),
		}
	}
	if len(r.Shards) == 1 {
		return []string{fmt.Sprintf("%s → shard %d", r.Table, r.Shards[0]), fmt.Sprintf("shard %d, %s", r.Shards[0], r.Table)}
	}
	return []string{fmt.Sprintf("%s → %s", r.Table, answer.Shards(r.Shards)), answer.Shards(r.Shards)}
}
