package sqlite

import (
	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/sqlite/internal/raw"
)

func (d *definer) aggregates() {
	d.errs = append(d.errs,
		d.conn.CreateAggregate("sd_sum_int", 1, func() raw.Aggregate { return &sum{sqltypes.NewSum(sqltypes.BigIntType)} }),
		d.conn.CreateAggregate("sd_sum_f", 1, func() raw.Aggregate { return &floatSum{sum{sqltypes.NewSum(sqltypes.FloatType)}} }),
		d.conn.CreateAggregate("sd_sum_dec", 3, func() raw.Aggregate { return &decimalSum{} }))
}

// sum is sd_sum_int in the middle of a group.
type sum struct{ *sqltypes.Sum }

func (s *sum) Step(args []raw.Arg) error { return s.Add(value(args[0])) }

func (s *sum) Final(r *raw.Result) error {
	v, err := s.Value()
	return give(r, v, err)
}

// floatSum is sd_sum_f, which ends as a partial sum.
type floatSum struct{ sum }

func (s *floatSum) Final(r *raw.Result) error {
	v, err := s.Partial()
	return give(r, v, err)
}

// decimalSum is sd_sum_dec, whose type the first row tells.
type decimalSum struct{ sum }

func (s *decimalSum) Step(args []raw.Arg) error {
	if s.Sum == nil {
		t, err := decimalType(args[1], args[2])
		if err != nil {
			return err
		}
		s.Sum = sqltypes.NewSum(t)
	}
	return s.sum.Step(args)
}

func (s *decimalSum) Final(r *raw.Result) error {
	if s.Sum == nil {
		return nil // no rows
	}
	return s.sum.Final(r)
}
