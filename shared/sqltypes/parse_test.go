package sqltypes_test

import (
	"errors"
	"strings"
	"testing"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

func TestParseFillsInDefaultsAndKnowsSynonyms(t *testing.T) {
	for in, want := range map[string]string{
		"int": "INT", " Integer ": "INT", "BIT": "BIT", "tinyint": "TINYINT", "smallint": "SMALLINT", "bigint": "BIGINT",
		"decimal": "DECIMAL(18,0)", "numeric(5)": "DECIMAL(5,0)", "dec ( 10 , 2 )": "DECIMAL(10,2)", "DECIMAL(38,38)": "DECIMAL(38,38)",
		"float": "FLOAT", "float(53)": "FLOAT", "float(25)": "FLOAT", "float(24)": "REAL", "double  precision": "FLOAT", "real": "REAL",
		"char": "CHAR(1)", "char(10)": "CHAR(10)", "character varying(5)": "VARCHAR(5)", "varchar(max)": "VARCHAR(MAX)",
		"nvarchar(4000)": "NVARCHAR(4000)", "NVarChar( Max )": "NVARCHAR(MAX)", "nchar(2)": "NCHAR(2)", "national character varying(9)": "NVARCHAR(9)",
		"binary": "BINARY(1)", "varbinary(max)": "VARBINARY(MAX)", "varbinary(8000)": "VARBINARY(8000)",
		"date": "DATE", "time": "TIME(7)", "time(0)": "TIME(0)", "datetime2": "DATETIME2(7)", "datetime2(3)": "DATETIME2(3)",
		"uniqueidentifier": "UNIQUEIDENTIFIER",
	} {
		typ, err := sqltypes.Parse(in)
		if err != nil {
			t.Errorf("Parse(%q): %v", in, err)
			continue
		}
		if typ.String() != want {
			t.Errorf("Parse(%q) = %s, want %s", in, typ, want)
		}
		again, err := sqltypes.Parse(typ.String())
		if err != nil || again != typ {
			t.Errorf("Parse(%q) = %v, %v, want %v", typ.String(), again, err, typ)
		}
	}
}

func TestParseRefusesByNameAndSaysWhatToUse(t *testing.T) {
	for in, want := range map[string]struct {
		code api.Code
		hint string
	}{
		"TEXT":                     {api.CodeUnsupported, "NVARCHAR(MAX)"},
		"datetimeoffset":           {api.CodeUnsupported, "DATETIME2(7)"},
		"INT IDENTITY(1,1)":        {api.CodeUnsupported, "INT"},
		"int identity":             {api.CodeUnsupported, "INT"},
		"boolean":                  {api.CodeUnsupported, "BIT"},
		"frob(3)":                  {api.CodeUnsupported, "NVARCHAR(n)"},
		"varchar":                  {api.CodeInvalidField, "VARCHAR(50)"},
		"nvarchar":                 {api.CodeInvalidField, "NVARCHAR(50)"},
		"nvarchar(4001)":           {api.CodeInvalidField, "NVARCHAR(MAX)"},
		"varchar(8001)":            {api.CodeInvalidField, "VARCHAR(MAX)"},
		"char(8001)":               {api.CodeInvalidField, "CHAR(8000)"},
		"char(max)":                {api.CodeInvalidField, "VARCHAR(MAX)"},
		"varchar(0)":               {api.CodeInvalidField, "VARCHAR"},
		"varchar(-1)":              {api.CodeInvalidField, "VARCHAR"},
		"varchar()":                {api.CodeInvalidField, "VARCHAR"},
		"varchar(5,5)":             {api.CodeInvalidField, "VARCHAR"},
		"int(4)":                   {api.CodeInvalidField, "INT"},
		"decimal(39)":              {api.CodeInvalidField, "DECIMAL(10,2)"},
		"decimal(0)":               {api.CodeInvalidField, "DECIMAL(10,2)"},
		"decimal(5,6)":             {api.CodeInvalidField, "DECIMAL(10,2)"},
		"decimal(5,-1)":            {api.CodeInvalidField, "DECIMAL(10,2)"},
		"decimal(1,1,1)":           {api.CodeInvalidField, "DECIMAL(10,2)"},
		"float(54)":                {api.CodeInvalidField, "FLOAT(53)"},
		"datetime2(8)":             {api.CodeInvalidField, "DATETIME2(7)"},
		"":                         {api.CodeInvalidField, "INT"},
		"(5)":                      {api.CodeInvalidField, "INT"},
		"int; drop table x":        {api.CodeInvalidField, "INT"},
		"varchar(5) x":             {api.CodeInvalidField, "INT"},
		"varchar(5":                {api.CodeInvalidField, "INT"},
		"varchar(999999999)":       {api.CodeInvalidField, "VARCHAR"},
		"[int]":                    {api.CodeInvalidField, "INT"},
		"ınt":                      {api.CodeInvalidField, "INT"},
		"int\x00":                  {api.CodeInvalidField, "INT"},
		strings.Repeat("x", 1<<20): {api.CodeInvalidField, "INT"},
	} {
		typ, err := sqltypes.Parse(in)
		se, ok := errors.AsType[*sqltypes.Error](err)
		if !ok {
			t.Errorf("Parse(%.40q) = %v, %v, want an *Error", in, typ, err)
			continue
		}
		if code := api.CodeOf(se); code != want.code || !strings.Contains(se.Hint, want.hint) || se.Number == 0 {
			t.Errorf("Parse(%.40q): code %s, number %d, hint %q; want %s, hint with %q", in, code, se.Number, se.Hint, want.code, want.hint)
		}
		if len(se.Msg) > 300 {
			t.Errorf("Parse(%.40q): the message is %d bytes long", in, len(se.Msg))
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"int", "nvarchar(50)", "DECIMAL(10,2)", "varchar(max)", "datetime2(7)", "int identity(1,1)", "((", ",)("} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		typ, err := sqltypes.Parse(s)
		if err != nil {
			return
		}
		again, err := sqltypes.Parse(typ.String())
		if err != nil || again != typ {
			t.Fatalf("Parse(%q) = %v, but Parse(%q) = %v, %v", s, typ, typ.String(), again, err)
		}
	})
}
