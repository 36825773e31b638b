package batch

import (
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
)

func TestAQueryIsOneTextWhateverItsValues(t *testing.T) {
	req := func(params, a, b string) *api.QueryRequest {
		return &api.QueryRequest{
			SQL: "SELECT [x] FROM [A] JOIN [B] ON [x] = @p1", Types: []string{"VARCHAR(50)"}, Params: jsontext.Value(params),
			ResultTypes: []string{"INT"}, Schemas: map[string]string{"A": a, "B": b},
		}
	}
	one, err := NewQuery(req(`["a"]`, "1", "2"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewQuery(req(`["'; DROP TABLE [A]; --"]`, "'3", "4"))
	if err != nil {
		t.Fatal(err)
	}
	if one.Text != other.Text || one.Declarations != other.Declarations {
		t.Errorf("two texts:\n%s\n%s", one.Text, other.Text)
	}
	if want := "@p1 VARCHAR(50), @sd_t1 VARCHAR(128), @sd_v1 VARCHAR(64), @sd_t2 VARCHAR(128), @sd_v2 VARCHAR(64)"; one.Declarations != want {
		t.Errorf("declared are %s", one.Declarations)
	}
	var names []string
	for _, a := range one.Args {
		names = append(names, a.Name)
	}
	if diff := cmp.Diff([]string{"p1", "sd_t1", "sd_v1", "sd_t2", "sd_v2"}, names); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
}
