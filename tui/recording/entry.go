package recording

import (
	"context"
	"errors"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
)

// Format is the version of the format that this program writes, and the newest that it reads.
const Format = 1

// Header is the first line of a recording.
type Header struct {
	Format   int       `json:"shardeck_recording"`
	Version  string    `json:"version"`           // of the program
	Cluster  string    `json:"cluster,omitempty"` // the id, if it was known when the first lines were written
	Masters  []string  `json:"masters"`           // base URLs, as the user gave them
	Interval int64     `json:"interval_ms"`       // between two polls, at the start
	Start    time.Time `json:"start"`
	DB       string    `json:"db_name,omitempty"` // the table that the session began with, if one was asked for
	Table    string    `json:"table,omitempty"`
	User     string    `json:"user,omitempty"`
	// Redacted says that shard keys and the texts of statements were left out.
	Redacted bool `json:"redacted,omitzero"`
}

// Entry is one thing that the console was told, and when. One of the others is set.
type Entry struct {
	At        time.Time  `json:"at"`
	Poll      *Poll      `json:"poll,omitempty"`
	Traffic   *Traffic   `json:"traffic,omitempty"`
	Identity  *Identity  `json:"identity,omitempty"`
	Count     *Count     `json:"count,omitempty"`
	Security  *Security  `json:"security,omitempty"`
	Failover  *Failover  `json:"failover,omitempty"`
	Running   *Running   `json:"running,omitempty"`
	Failovers *Failovers `json:"failovers,omitempty"`
	Event     *Event     `json:"event,omitempty"`
	Interval  int64      `json:"interval_ns,omitzero"` // between two polls, from now on
	End       string     `json:"end,omitempty"`        // why the recording ended: "closed" or "limit"
}

// The reasons why a recording ended. One without an end was cut short.
const (
	Closed  = "closed" // by the end of the console
	Limited = "limit"  // by [MaxSize]
)

// Poll is what a poll of a master found.
type Poll struct {
	At       time.Time     `json:"at"`
	Master   string        `json:"master"`
	Took     int64         `json:"took_ns"`
	Metadata *api.Metadata `json:"metadata,omitempty"`
	Err      *Fault        `json:"error,omitempty"`
}

// PollOf is the poll with that outcome.
func PollOf(o cluster.Observation) *Poll {
	return &Poll{At: o.At, Master: o.Master, Took: int64(o.Took), Metadata: o.Metadata, Err: FaultOf(o.Err)}
}

// observation is the outcome of the poll.
func (p *Poll) observation() cluster.Observation {
	return cluster.Observation{At: p.At, Master: p.Master, Took: time.Duration(p.Took), Metadata: p.Metadata, Err: p.Err.Err()}
}

// Traffic is what a master said of its traffic.
type Traffic struct {
	At     time.Time          `json:"at"`
	Master string             `json:"master"`
	Report *api.TrafficReport `json:"report,omitempty"`
	Err    *Fault             `json:"error,omitempty"`
}

// TrafficOf is the entry for an observation.
func TrafficOf(o cluster.TrafficObservation) *Traffic {
	return &Traffic{At: o.At, Master: o.Master, Report: o.Report, Err: FaultOf(o.Err)}
}

func (t *Traffic) observation() cluster.TrafficObservation {
	return cluster.TrafficObservation{At: t.At, Master: t.Master, Report: t.Report, Err: t.Err.Err()}
}

// Identity is the cluster that a master says it belongs to; "" if it did not answer.
type Identity struct {
	Master  string `json:"master"`
	Cluster string `json:"cluster"`
}

// Count is the beginning of a MapReduce count, if it has neither an answer nor an error, or its end.
type Count struct {
	DB     string                      `json:"db_name"`
	Table  string                      `json:"table"`
	Answer *api.MapReduceCountResponse `json:"answer,omitempty"`
	Err    *Fault                      `json:"error,omitempty"`
}

// Security is the beginning of a security check, if it has neither an answer nor an error, or its end.
type Security struct {
	Answer *api.SecurityCheckResponse `json:"answer,omitempty"`
	Err    *Fault                     `json:"error,omitempty"`
}

// Started reports whether it is the beginning.
func (s *Security) Started() bool { return s.Answer == nil && s.Err == nil }

// Failover is the end of a failover that the user asked for.
type Failover struct {
	Answer *api.FailoverResponse `json:"answer,omitempty"`
	Err    *Fault                `json:"error,omitempty"`
}

// Running is what the masters said they ran.
type Running struct {
	At    time.Time `json:"at"`
	Lists []List    `json:"lists"`
}

// List is what one master said it ran.
type List struct {
	Master  string             `json:"master"`
	Queries []api.RunningQuery `json:"queries,omitempty"`
	Err     *Fault             `json:"error,omitempty"`
}

// Failovers is what the masters said of failovers, and what the one to be promoted found.
type Failovers struct {
	At        time.Time              `json:"at"`
	Failovers []api.FailoverResponse `json:"failovers"`
	Target    string                 `json:"target,omitempty"` // of the dry run, "" if there was none
	Answer    *api.FailoverResponse  `json:"answer,omitempty"`
	Err       *Fault                 `json:"error,omitempty"`
}

// Event is an event that does not follow from what the masters said.
type Event struct {
	At     time.Time `json:"at"`
	Level  api.Level `json:"level"`
	Shard  int       `json:"shard"` // -1 for none
	Text   string    `json:"text"`
	By     string    `json:"by,omitempty"`
	Lasted int64     `json:"lasted_ns,omitzero"`
}

// EventOf is the entry for an event.
func EventOf(e *cluster.Event) *Event {
	return &Event{At: e.At, Level: e.Level, Shard: e.Shard, Text: e.Text, By: e.Source, Lasted: int64(e.Lasted)}
}

func (e *Event) event() cluster.Event {
	return cluster.Event{At: e.At, Level: e.Level, Shard: e.Shard, Text: e.Text, Source: e.By, Lasted: time.Duration(e.Lasted)}
}

// Fault is an error as far as the console tells one from another.
type Fault struct {
	Text    string       `json:"text"`
	Problem *api.Problem `json:"problem,omitempty"`
	Late    bool         `json:"late,omitzero"`     // there was no answer in time
	Stopped bool         `json:"canceled,omitzero"` // the console gave up
}

// FaultOf is the fault for an error, nil for nil.
func FaultOf(err error) *Fault {
	if err == nil {
		return nil
	}
	f := &Fault{Text: err.Error(), Late: errors.Is(err, context.DeadlineExceeded), Stopped: errors.Is(err, context.Canceled)}
	f.Problem, _ = errors.AsType[*api.Problem](err)
	return f
}

// Err is the error that it was made of, for whoever asks for its text, its code or its cause.
func (f *Fault) Err() error {
	if f == nil {
		return nil
	}
	return &fault{f}
}

type fault struct{ of *Fault }

func (f *fault) Error() string { return f.of.Text }

func (f *fault) Unwrap() []error {
	var all []error
	if f.of.Problem != nil {
		all = append(all, f.of.Problem)
	}
	if f.of.Late {
		all = append(all, context.DeadlineExceeded)
	}
	if f.of.Stopped {
		all = append(all, context.Canceled)
	}
	return all
}
