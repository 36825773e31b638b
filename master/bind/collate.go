package bind

import (
	"slices"
	"strings"

	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
)

// collate binds X COLLATE name. There are two collations: the default one, which any name of a
// case-insensitive and accent-sensitive collation means, and that of shard keys, which the name of
// any binary one means.
func (b *Binder) collate(e *tsql.Collate) (*plan.Expr, error) {
	x, err := b.Value(e.X)
	if err != nil {
		return nil, err
	}
	binary, err := b.collation(e.Name)
	switch {
	case err != nil:
		return nil, err
	case x == untypedNull:
		return &plan.Expr{Op: plan.ValueExpr, Type: asText, Binary: binary, Collated: true}, nil
	case !x.Type.Kind.IsString():
		return nil, b.typeError(mssqlerr.CollateType, e.At, "COLLATE does not apply to a value of type %s", x.Type).Hinted("only strings have a collation; leave COLLATE out")
	}
	return withCollation(x, binary), nil
}

// withCollation returns x in the collation that COLLATE names.
func withCollation(x *plan.Expr, binary bool) *plan.Expr {
	if x.IsConst() {
		return &plan.Expr{Op: plan.ValueExpr, Type: x.Type, Value: x.Value, Binary: binary, Collated: true}
	}
	return &plan.Expr{Op: plan.CollateExpr, Type: x.Type, Args: []*plan.Expr{x}, Binary: binary, Collated: true}
}

// collation reports whether the collation of that name is a binary one rather than one that
// means the default.
func (b *Binder) collation(name tsql.Name) (binary bool, err error) {
	upper := strings.ToUpper(api.Clip(name.Name))
	parts := strings.Split(upper, "_")
	has := func(part string) bool { return slices.Contains(parts[1:], part) }
	switch {
	case upper == "DATABASE_DEFAULT":
		return false, nil
	case has("BIN"), has("BIN2"):
		return true, nil
	case parts[0] == "TURKISH", parts[0] == "AZERI", has("TURKISH"):
		// i and I are not the same letter there.
	case has("CI") && has("AS"):
		return false, nil
	}
	p := b.Problem(api.CodeUnsupported, name.At, "the collation %s is not supported", api.Clip(name.Name))
	if !has("CS") && !has("AI") && !has("CI") {
		p.SQLNumber = mssqlerr.UnknownCollation
	}
	return false, p.Hinted("use Latin1_General_CI_AS, which ignores case, or Latin1_General_BIN2, which does not; there are no other rules to compare strings by")
}

// collationOf returns the collation of an operation on the strings among xs: the one that COLLATE
// gives one of them, or else the binary one if one has it. Collated means the former.
func (b *Binder) collationOf(at int, xs ...*plan.Expr) (binary, collated bool, err error) {
	for _, x := range xs {
		switch {
		case !x.Type.Kind.IsString():
		case x.Collated && collated && x.Binary != binary:
			p := b.typeError(mssqlerr.CollationConflict, at, "the strings have different collations, each given by COLLATE")
			return false, false, p.Hinted("use the same collation for both")
		case x.Collated:
			binary, collated = x.Binary, true
		case !collated:
			binary = binary || x.Binary
		}
	}
	return binary, collated, nil
}

// sameCollation returns two operands of a comparison in the collation that COLLATE gives one of
// them, if it does.
func (b *Binder) sameCollation(l, r *plan.Expr, at int) (_, _ *plan.Expr, err error) {
	if !l.Collated && !r.Collated {
		return l, r, nil
	}
	binary, _, err := b.collationOf(at, l, r)
	if err != nil {
		return nil, nil, err
	}
	in := func(x *plan.Expr) *plan.Expr {
		if x.Type.Kind.IsString() && x.Binary != binary {
			return withCollation(x, binary)
		}
		return x
	}
	return in(l), in(r), nil
}
