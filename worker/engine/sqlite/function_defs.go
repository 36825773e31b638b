package sqlite

import (
	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/sqlite/internal/raw"
)

func (d *definer) arithmetic() {
	for name, op := range map[string]sqltypes.Op{
		"add": sqltypes.OpAdd, "sub": sqltypes.OpSub, "mul": sqltypes.OpMul, "div": sqltypes.OpDiv, "mod": sqltypes.OpMod,
	} {
		d.define("sd_"+name, 2, 3, func(args []raw.Arg, r *raw.Result) error {
			t := bigInt
			if len(args) == 3 {
				var err error
				if t, err = d.types.parse(args[2]); err != nil {
					return err
				}
			}
			v, err := sqltypes.Arith(op, t, value(args[0]), value(args[1]))
			return give(r, v, err)
		})
		d.define("sd_dec_"+name, 4, 4, func(args []raw.Arg, r *raw.Result) error {
			t, err := decimalType(args[2], args[3])
			if err != nil {
				return err
			}
			v, err := sqltypes.Arith(op, t, value(args[0]), value(args[1]))
			return give(r, v, err)
		})
	}
	d.define("sd_div_f", 2, 2, func(args []raw.Arg, r *raw.Result) error {
		v, err := sqltypes.Arith(sqltypes.OpDiv, float, sqltypes.Float64(args[0].Float()), sqltypes.Float64(args[1].Float()))
		return give(r, v, err)
	})
	d.define("sd_abs", 2, 2, func(args []raw.Arg, r *raw.Result) error {
		t, err := d.types.parse(args[1])
		if err != nil {
			return err
		}
		v, err := sqltypes.Abs(t, value(args[0]))
		return give(r, v, err)
	})
	d.define("sd_round", 3, 3, func(args []raw.Arg, r *raw.Result) error {
		t, err := d.types.parse(args[2])
		if err != nil {
			return err
		}
		v, err := sqltypes.Round(t, value(args[0]), args[1].Int())
		return give(r, v, err)
	})
}

// conversion makes a value of one type one of another.
type conversion func(v sqltypes.Value, from, to sqltypes.Type) (sqltypes.Value, error)

func (d *definer) conversions() {
	for name, convert := range map[string]conversion{
		"sd_int": sqltypes.Convert, "sd_text": sqltypes.Convert, "sd_cast": sqltypes.Cast,
	} {
		d.define(name, 2, 3, func(args []raw.Arg, r *raw.Result) error { return d.convert(args, r, convert) })
	}
	d.define("sd_dec", 3, 3, func(args []raw.Arg, r *raw.Result) error {
		to, err := decimalType(args[1], args[2])
		if err != nil {
			return err
		}
		v := value(args[0])
		v, err = sqltypes.Convert(v, storedType(v), to)
		return give(r, v, err)
	})
	d.define("sd_datepart", 3, 3, func(args []raw.Arg, r *raw.Result) error {
		part, ok := sqltypes.ParsePart(args[0].View())
		if !ok {
			return errArgument("a part of a date")
		}
		t, err := d.types.parse(args[2])
		if err != nil {
			return err
		}
		v, err := sqltypes.DatePart(part, t, value(args[1]))
		return give(r, v, err)
	})
}

// convert converts the first argument to the type that the second names, from the
// type that the third names or its storage suggests.
func (d *definer) convert(args []raw.Arg, r *raw.Result, convert conversion) error {
	to, err := d.types.parse(args[1])
	if err != nil {
		return err
	}
	v := value(args[0])
	from := storedType(v)
	if len(args) == 3 {
		if from, err = d.types.parse(args[2]); err != nil {
			return err
		}
	}
	v, err = convert(v, from, to)
	return give(r, v, err)
}

func (d *definer) strings() {
	for name, f := range map[string]func(string) string{
		"sd_upper": sqltypes.Upper, "sd_lower": sqltypes.Lower, "sd_ltrim": sqltypes.LTrim, "sd_rtrim": sqltypes.RTrim,
	} {
		d.define(name, 1, 1, func(args []raw.Arg, r *raw.Result) error {
			r.Text(f(args[0].View()))
			return nil
		})
	}
	d.define("sd_len", 1, 1, func(args []raw.Arg, r *raw.Result) error {
		r.Int(sqltypes.Len(args[0].View()))
		return nil
	})
	d.define("sd_substring", 3, 3, func(args []raw.Arg, r *raw.Result) error {
		s, err := sqltypes.Substring(args[0].View(), args[1].Int(), args[2].Int())
		return give(r, sqltypes.Text(s), err)
	})
	d.define("sd_concat", 3, 3, func(args []raw.Arg, r *raw.Result) error {
		t, err := d.types.parse(args[2])
		if err != nil {
			return err
		}
		return give(r, sqltypes.Concat(t, value(args[0]), value(args[1])), nil)
	})
	for name, rules := range map[string]sqltypes.LikeRules{
		"sd_like": {Fold: true}, "sd_like_bin": {}, "sd_like_pad": {Fold: true, Padded: true}, "sd_like_bin_pad": {Padded: true},
	} {
		d.define(name, 2, 3, func(args []raw.Arg, r *raw.Result) error { return like(args, r, rules) })
	}
}

func like(args []raw.Arg, r *raw.Result, rules sqltypes.LikeRules) error {
	if len(args) == 3 {
		var err error
		if rules, err = rules.WithEscape(args[2].View()); err != nil {
			return err
		}
	}
	var matched int64
	if sqltypes.Like(args[0].View(), args[1].View(), rules) {
		matched = 1
	}
	r.Int(matched)
	return nil
}

func (d *definer) aggregates() {
	d.errs = append(d.errs,
		d.conn.CreateAggregate("sd_sum_int", 1, func() raw.Aggregate { return &sum{sqltypes.NewSum(bigInt)} }),
		d.conn.CreateAggregate("sd_sum_dec", 3, func() raw.Aggregate { return &decimalSum{} }))
}

// sum is sd_sum_int in the middle of a group.
type sum struct{ *sqltypes.Sum }

func (s *sum) Step(args []raw.Arg) error { return s.Add(value(args[0])) }

func (s *sum) Final(r *raw.Result) error {
	v, err := s.Value()
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
