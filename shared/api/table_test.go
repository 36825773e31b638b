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

func TestIndexesAreNotPartOfTheVersion(t *testing.T) {
	indexed := students
	indexed.Indexes = []api.IndexDef{
		{Name: "by_name", Columns: []api.IndexColumn{{Name: "name"}}},
		{Name: "by_gpa", Columns: []api.IndexColumn{{Name: "gpa", Descending: true}}},
	}
	if indexed.Version() != students.Version() {
		t.Error("an index changes the version")
	}
	if indexed.SameIndexes(&students) || students.SameIndexes(&indexed) {
		t.Error("a definition with indexes has the same as one without")
	}
	swapped := indexed
	swapped.Indexes = []api.IndexDef{indexed.Indexes[1], indexed.Indexes[0]}
	if !swapped.SameIndexes(&indexed) {
		t.Error("the order of the indexes matters")
	}
	swapped.Indexes = []api.IndexDef{{Name: "by_gpa", Columns: []api.IndexColumn{{Name: "gpa"}}}, indexed.Indexes[0]}
	if swapped.SameIndexes(&indexed) {
		t.Error("an index in another order is the same")
	}
}

func TestADefinitionExtendsThoseWithFewerColumns(t *testing.T) {
	more := students
	more.Columns = append(append([]api.ColumnDef{}, students.Columns...),
		api.ColumnDef{Name: "city", Type: "NVARCHAR(50)", Nullable: true}, api.ColumnDef{Name: "born", Type: "DATE", Nullable: true})
	more.Indexes = []api.IndexDef{{Name: "by_city", Columns: []api.IndexColumn{{Name: "city"}}}}
	if !more.Extends(students.Version()) {
		t.Error("two columns more do not extend the definition")
	}
	if students.Extends(students.Version()) || students.Extends(more.Version()) {
		t.Error("a definition extends itself, or a longer one")
	}
	other := students
	other.Columns = append([]api.ColumnDef{}, students.Columns...)
	other.Columns[1].Type = "NVARCHAR(60)"
	if more.Extends(other.Version()) {
		t.Error("a definition extends one whose columns are others")
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
