package demo

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
)

// The demo's database and table.
const (
	demoDB    = "SchoolDB"
	demoTable = "Students"
)

// firstStudentID is the ID of the first generated student; the IDs below it are left for
// the tour's own rows and for experiments.
const firstStudentID = 10_001

// studentColumns returns the table's columns in order. student_id is the shard key by its name.
func studentColumns() api.Object[string] {
	return api.Object[string]{
		{Name: "student_id", Value: "INT PRIMARY KEY"},
		{Name: "name", Value: "NVARCHAR(60) NOT NULL"},
		{Name: "email", Value: "VARCHAR(120)"},
		{Name: "major", Value: "NVARCHAR(40)"},
		{Name: "gpa", Value: "DECIMAL(3,2)"},
		{Name: "credits", Value: "SMALLINT NOT NULL DEFAULT 0"},
		{Name: "enrolled", Value: "DATE NOT NULL"},
		{Name: "active", Value: "BIT NOT NULL DEFAULT 1"},
	}
}

// student is one row of Students. Empty Email, Major and GPA are NULL.
type student struct {
	ID       int64
	Name     string
	Email    string
	Major    string
	GPA      string // such as "3.70"
	Credits  int64
	Enrolled string // such as "2024-09-01"
	Active   bool
}

// row returns the student in wire format, in the order of studentColumns.
func (s *student) row() api.Object[jsontext.Value] {
	return api.Object[jsontext.Value]{
		{Name: "student_id", Value: jsontext.Value(strconv.FormatInt(s.ID, 10))},
		{Name: "name", Value: jsonText(s.Name)},
		{Name: "email", Value: jsonTextOrNull(s.Email)},
		{Name: "major", Value: jsonTextOrNull(s.Major)},
		{Name: "gpa", Value: jsonTextOrNull(s.GPA)},
		{Name: "credits", Value: jsontext.Value(strconv.FormatInt(s.Credits, 10))},
		{Name: "enrolled", Value: jsonText(s.Enrolled)},
		{Name: "active", Value: jsontext.Value(strconv.FormatBool(s.Active))},
	}
}

func jsonText(s string) jsontext.Value {
	b, _ := jsontext.AppendQuote(nil, s) // invalid UTF-8, which no name here has, would be replaced
	return b
}

func jsonTextOrNull(s string) jsontext.Value {
	if s == "" {
		return jsontext.Value("null")
	}
	return jsonText(s)
}

// generator generates students from a seed, the same for the same seed on every machine.
// It is not safe for concurrent use.
type generator struct {
	rng      *rand.Rand
	next     int64
	cultures []culture
	majors   []string // each repeated according to its weight
	today    time.Time
}

// newGenerator starts at the given ID. Enrolment dates are in the years before 2026-09-01
// whatever the current date is, so that the data is always the same.
func newGenerator(seed uint64, firstID int64) *generator {
	g := &generator{
		rng:      rand.New(rand.NewPCG(seed, 0x5eed)), //nolint:gosec // sample data, not secrets
		next:     firstID,
		cultures: cultures(),
		today:    time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC),
	}
	for _, m := range majors() {
		for range m.weight {
			g.majors = append(g.majors, m.name)
		}
	}
	return g
}

// student returns the next student. About 6 % have no email, 8 % no major, and 5 %
// (mostly the newest) no GPA.
func (g *generator) student() student {
	c := g.cultures[g.rng.IntN(len(g.cultures))]
	given := c.given[g.rng.IntN(len(c.given))]
	family := c.family[g.rng.IntN(len(c.family))]
	s := student{ID: g.next, Name: given.native + c.joiner + family.native}
	if c.familyFirst {
		s.Name = family.native + c.joiner + given.native
	}
	g.next++

	days := g.rng.IntN(5 * 365)
	s.Enrolled = g.today.AddDate(0, 0, -days).Format(time.DateOnly)
	s.Credits = int64(min(days/6, 300) * g.rng.IntN(100) / 99)
	s.Active = g.rng.IntN(100) >= 7
	if g.rng.IntN(100) >= 6 {
		s.Email = fmt.Sprintf("%s.%s%d@students.example.edu", given.ascii, family.ascii, s.ID%1000)
	}
	if g.rng.IntN(100) >= 8 {
		s.Major = g.majors[g.rng.IntN(len(g.majors))]
	}
	if days > 60 && g.rng.IntN(100) >= 2 {
		// Normally distributed around 3.0, from 0.50 to 4.00.
		points := 300 + int(g.rng.NormFloat64()*55)
		points = min(max(points, 50), 400)
		s.GPA = fmt.Sprintf("%d.%02d", points/100, points%100)
	}
	return s
}

// batch returns the next n students.
func (g *generator) batch(n int) []student {
	out := make([]student, n)
	for i := range out {
		out[i] = g.student()
	}
	return out
}
