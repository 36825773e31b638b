package contracttest_test

import (
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/testcluster"
)

const collectionFile = "../../docs/shardeck.postman_collection.json"

// collection is the part of Postman's format 2.1 that the collection uses.
type collection struct {
	Variable []struct{ Key, Value string } `json:"variable"`
	Item     []item                        `json:"item"`
}

// item is a folder (Item) or a request.
type item struct {
	Name  string `json:"name"`
	Item  []item `json:"item"`
	Event []struct {
		Script struct {
			Exec []string `json:"exec"`
		} `json:"script"`
	} `json:"event"`
	Request struct {
		Method string                        `json:"method"`
		URL    string                        `json:"url"`
		Header []struct{ Key, Value string } `json:"header"`
		Body   struct {
			Raw string `json:"raw"`
		} `json:"body"`
	} `json:"request"`
}

func loadCollection(t *testing.T) collection {
	t.Helper()
	text, err := os.ReadFile(collectionFile)
	if err != nil {
		t.Fatal(err)
	}
	var c collection
	if err := json.Unmarshal(text, &c, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestPostmanCollectionWorks runs the collection as Postman does: in order, with
// the variables filled in, and with each request's own tests.
func TestPostmanCollectionWorks(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 2})
	primary := newSession(t, c.Masters[0].URL, api.MasterOpenAPI())
	backup := newSession(t, c.Masters[1].URL, api.MasterOpenAPI())
	backup.answered = primary.answered
	col := loadCollection(t)
	var pairs []string
	for _, v := range col.Variable {
		switch v.Key {
		case "baseUrl", "backupUrl":
			v.Value = v.Key + ":"
		}
		pairs = append(pairs, "{{"+v.Key+"}}", v.Value)
	}
	fill := strings.NewReplacer(pairs...)
	var walk func(t *testing.T, items []item)
	walk = func(t *testing.T, items []item) {
		for _, it := range items {
			t.Run(it.Name, func(t *testing.T) {
				if len(it.Item) > 0 {
					walk(t, it.Item)
					return
				}
				host, path, _ := strings.Cut(fill.Replace(it.Request.URL), ":")
				s := primary
				if host == "backupUrl" {
					s = backup
					awaitTable(t, c, 1) // a person would not be faster
				}
				runItem(t, s, it, path, fill)
			})
		}
	}
	walk(t, col.Item)
	for _, e := range primary.doc.Endpoints() {
		// Requests sent one by one cannot show an endless stream or a running statement.
		if e.Path != api.StepDownPath && e.Path != api.PathEvents && e.Path != api.PathQueriesID && !primary.answered[e] {
			t.Errorf("the collection has no successful request to %s %s", e.Method, e.Path)
		}
	}
}

func runItem(t *testing.T, s *session, it item, path string, fill *strings.Replacer) {
	e := exchange{method: it.Request.Method, path: path, body: fill.Replace(it.Request.Body.Raw), headers: map[string]string{}}
	if e.body == "" {
		e.headers["Content-Type"] = ""
	}
	for _, h := range it.Request.Header {
		e.headers[h.Key] = fill.Replace(h.Value)
	}
	status, body := s.send(t, e)
	if status == http.StatusOK {
		s.answered[api.Endpoint{Method: e.method, Path: e.path}] = true
	}
	var tests int
	for _, event := range it.Event {
		for _, line := range event.Script.Exec {
			check(t, line, status, body)
			tests++
		}
	}
	if tests == 0 {
		t.Error("the request has no test")
	}
}

var (
	statusTest = regexp.MustCompile(`pm\.response\.to\.have\.status\((\d+)\)`)
	memberTest = regexp.MustCompile(`pm\.expect\(pm\.response\.json\(\)\.([a-z_.]+)\)\.to\.eql\((.*?)\)\);$`)
)

// check executes a line of a request's test script. Any other form of line fails, so that none is
// skipped.
func check(t *testing.T, line string, status int, body []byte) {
	t.Helper()
	if m := statusTest.FindStringSubmatch(line); m != nil {
		if m[1] != strconv.Itoa(status) {
			t.Errorf("got %d, want %s: %s", status, m[1], body)
		}
		return
	}
	m := memberTest.FindStringSubmatch(line)
	if m == nil {
		t.Errorf("unsupported script line %s", line)
		return
	}
	v := jsontext.Value(body)
	for name := range strings.SplitSeq(m[1], ".") {
		var members map[string]jsontext.Value
		if err := json.Unmarshal(v, &members); err != nil {
			t.Fatalf("%s: %v in %s", line, err, body)
		}
		v = members[name]
	}
	if string(v) != m[2] {
		t.Errorf("%s is %s, want %s", m[1], v, m[2])
	}
}
