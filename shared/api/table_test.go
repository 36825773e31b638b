package api_test

import (
	"testing"

	"shardeck/shared/api"
)

func TestVersionChangesOnlyWithTheDefinition(t *testing.T) {
	base := students
	// Pinned: workers store versions, so that a change in how a definition is encoded would make
	// every table look changed.
	if got, want := base.Version(), "1a2a2c12ee930471"; got != want {
		t.Errorf("the version of the sample is %s, was %s", got, want)
	}
	changed := base
	changed.Columns = append([]api.ColumnDef{}, base.Columns...)
	changed.Columns[2].Nullable = false
	if changed.Version() == base.Version() {
		t.Error("another definition has the same version")
	}
	countries := api.TableDef{Name: "Countries", Columns: []api.ColumnDef{{Name: "code", Type: "CHAR(2)"}}, PrimaryKey: []string{"code"}, Distribution: api.Replicate}
	if got, want := countries.Version(), "80dff52a263e9968"; got != want {
		t.Errorf("the version of a reference table is %s, was %s", got, want)
	}
	empty := api.TableDef{Name: "T", PrimaryKey: []string{}}
	if null := (&api.TableDef{Name: "T"}); null.Version() != empty.Version() {
		t.Error("no list and an empty list are the same definition")
	}
}

func TestColumnLookupIsCaseInsensitive(t *testing.T) {
	if c, i := students.Column("GPA"); c == nil || c.Name != "gpa" || i != 2 {
		t.Errorf("got %v at %d", c, i)
	}
	if c, i := students.Column("nope"); c != nil || i != -1 {
		t.Errorf("got %v at %d", c, i)
	}
}
