package differential

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
)

// TestFloatsAddUpToTheSameBits: a sum of floats is exact and rounded once, however many shards
// hold its values. The expected values are computed by math/big.
func TestFloatsAddUpToTheSameBits(t *testing.T) {
	rnd := rand.New(rand.NewPCG(seed(t), 2))
	const n, groups = 6000, 3
	texts := make([]string, n)
	for i := range texts {
		texts[i] = strconv.FormatFloat(float64(rnd.IntN(2_000_000)-1_000_000)/100, 'g', -1, 64)
	}
	// The widest and narrowest values of one group, which mostly cancel.
	for i, s := range []string{"1.7e308", "1.7e308", "-1.7e308", "5e-324", "-1.7e308", "1e16", "-1e16"} {
		texts[i*7*groups] = s
	}
	sum, each, squares := new(big.Rat), [groups]*big.Rat{}, [groups]*big.Rat{}
	distinct, seen := new(big.Rat), map[float64]bool{}
	for g := range each {
		each[g], squares[g] = new(big.Rat), new(big.Rat)
	}
	for i, s := range texts {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		x := new(big.Rat).SetFloat64(f)
		sum.Add(sum, x)
		each[i%groups].Add(each[i%groups], x)
		squares[i%groups].Add(squares[i%groups], new(big.Rat).Mul(x, x))
		if !seen[f] {
			seen[f] = true
			distinct.Add(distinct, x)
		}
	}
	mean := func(sum *big.Rat, n int) string { // the quotient of two floats, as in T-SQL
		f, _ := sum.Float64()
		return wireFloat(f / float64(n))
	}
	spread := func(g, divisor int) float64 { // the variance, with that divisor
		v := new(big.Rat).Mul(each[g], each[g])
		v.Sub(squares[g], v.Quo(v, big.NewRat(n/groups, 1)))
		f, _ := v.Quo(v, big.NewRat(int64(divisor), 1)).Float64()
		return f
	}
	want := map[string]string{
		"SELECT g, VAR(f), STDEVP(f) FROM F WHERE g > 0 GROUP BY g ORDER BY g": fmt.Sprintf("[1,%s,%s] [2,%s,%s]",
			wireFloat(spread(1, n/groups-1)), wireFloat(math.Sqrt(spread(1, n/groups))), wireFloat(spread(2, n/groups-1)), wireFloat(math.Sqrt(spread(2, n/groups)))),
		"SELECT SUM(f), AVG(f), COUNT(*) FROM F": fmt.Sprintf("[%s,%s,%d]", wireRat(sum), mean(sum, n), n),
		"SELECT SUM(DISTINCT f) FROM F":          fmt.Sprintf("[%s]", wireRat(distinct)),
		"SELECT AVG(DISTINCT f) FROM F":          fmt.Sprintf("[%s]", mean(distinct, len(seen))),
		"SELECT g, SUM(f), AVG(f) FROM F GROUP BY g ORDER BY g": fmt.Sprintf("[0,%s,%s] [1,%s,%s] [2,%s,%s]",
			wireRat(each[0]), mean(each[0], n/groups), wireRat(each[1]), mean(each[1], n/groups), wireRat(each[2]), mean(each[2], n/groups)),
		"SELECT g FROM F GROUP BY g HAVING SUM(f) = " + wireRat(each[1]) + "E0 ORDER BY g": "[1]",
		"SELECT SUM(f), AVG(f) FROM F WHERE g > 5":                                         "[null,null]",
	}
	for _, c := range startAll(t) {
		if _, err := c.master.CreateDB(t.Context(), &api.CreateDBRequest{DB: dbName}); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		run := func(sql string) string {
			resp, err := c.master.Query(t.Context(), &api.SQLRequest{DB: dbName, SQL: sql})
			if err != nil {
				t.Fatalf("%s: %.200s\n%v", c.name, sql, err)
			}
			rows := make([]string, len(resp.Rows))
			for i, r := range resp.Rows {
				rows[i] = string(r)
			}
			return strings.Join(rows, " ")
		}
		run("CREATE TABLE F (id INT PRIMARY KEY, g INT, f FLOAT) WITH (DISTRIBUTION = HASH(id))")
		for from := 0; from < n; from += 500 {
			rows := make([]string, 500)
			for i := range rows {
				text := texts[from+i]
				if !strings.ContainsAny(text, "eE") {
					text += "E0"
				}
				rows[i] = fmt.Sprintf("(%d, %d, %s)", from+i, (from+i)%groups, text)
			}
			run("INSERT INTO F VALUES " + strings.Join(rows, ", "))
		}
		for sql, want := range want {
			if diff := cmp.Diff(want, run(sql)); diff != "" {
				t.Errorf("%s: %s (-want +got)\n%s", c.name, sql, diff)
			}
		}
	}
}

func wireRat(r *big.Rat) string {
	f, _ := r.Float64()
	return wireFloat(f)
}

// wireFloat formats a float as a JSON number, for the magnitudes used here.
func wireFloat(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
