package screen

import (
	"time"

	"shardeck/shared/api"
	"shardeck/tui/answer"
	"shardeck/tui/statement"
)

// checked is which state of a text has been checked while it was being written.
type checked struct {
	seen  uint64    // the revision at the last look
	since time.Time // when the text became that
	asked uint64    // the revision that a check was asked for
	from  int       // and the statement
}

// A statement is checked once its text has been left alone for a moment; longer ones are not.
const (
	checkAfter = 500 * time.Millisecond
	checkAtEnd = 1500 * time.Millisecond // with the cursor at its end, where more is likely to follow
	checkMost  = 64 << 10
)

// CheckText asks a master whether it would accept a statement, by asking for its plan, which
// touches no shard. The screen receives [TextChecked].
type CheckText struct {
	Piece    Piece
	Options  RunOptions
	Revision uint64
}

// TextChecked carries what a master says about a statement; Problem is nil if it is accepted.
type TextChecked struct {
	Piece    Piece
	Revision uint64
	Problem  *api.Problem
}

// Check asks for the statement at the cursor to be checked, if it has changed and been left alone.
// The console calls it with each tick of its clock.
func (q *Query) Check(now time.Time) Intent {
	t := q.tab()
	c := &t.checked
	revision := t.editor.Revision()
	if c.seen != revision {
		c.seen, c.since = revision, now
		return nil
	}
	if q.running != nil || !t.touched || now.Sub(c.since) < checkAfter {
		return nil
	}
	all := t.statements()
	i := statement.At(all, t.editor.Cursor())
	if i < 0 || all[i].To-all[i].From > checkMost || all[i].Kind != statement.Read && all[i].Kind != statement.Write || c.asked == revision && c.from == all[i].From {
		return nil
	}
	if t.editor.Cursor() >= all[i].To && now.Sub(c.since) < checkAtEnd {
		return nil
	}
	c.asked, c.from = revision, all[i].From
	if !statement.Alone(all, i) {
		return nil
	}
	return CheckText{Revision: revision, Options: q.options,
		Piece: Piece{SQL: all[i].Text(t.editor.Text()), At: all[i].From, Repeat: 1, Kind: all[i].Kind}}
}

// checkedText marks the fault that a master has found in the text as it still is.
func (q *Query) checkedText(m TextChecked) {
	t := q.tab()
	if m.Revision != t.editor.Revision() {
		return
	}
	if m.Problem == nil || m.Problem.Offset == nil || m.Problem.Field != "sql" {
		if t.fault.revision == m.Revision && t.fault.at >= m.Piece.At && t.fault.at <= m.Piece.At+len(m.Piece.SQL) {
			t.fault = fault{}
		}
		return
	}
	t.fault = fault{revision: m.Revision, at: m.Piece.At + answer.FaultAt(m.Piece.SQL, *m.Problem.Offset), set: true, text: m.Problem.Detail}
}
