package daemon

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// ProgramName is the name that this program was started by, such as shardeck-master, or the
// one given if it is unknown.
func ProgramName(otherwise string) string {
	if len(os.Args) == 0 || os.Args[0] == "" {
		return otherwise
	}
	return strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
}

// FlagTypes returns the options for the types of flags whose help or errors the parser would
// word for Go programmers.
func FlagTypes() kong.Option {
	listType := reflect.TypeFor[[]string]()
	list := listFlag{kong.NewRegistry().RegisterDefaults().ForType(listType)}
	return kong.OptionFunc(func(k *kong.Kong) error {
		for _, o := range []kong.Option{
			kong.TypeMapper(listType, list),
			kong.TypeMapper(reflect.TypeFor[time.Duration](), kong.MapperFunc(parseDuration)),
			kong.TypeMapper(reflect.TypeFor[int](), kong.MapperFunc(parseInteger)),
			kong.TypeMapper(reflect.TypeFor[int64](), kong.MapperFunc(parseInteger)),
		} {
			if err := o.Apply(k); err != nil {
				return err
			}
		}
		return nil
	})
}

func parseDuration(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("duration", &text); err != nil {
		return err
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("%q is not a duration: write a number and a unit, such as 500ms, 15s or 5m", text)
	}
	target.SetInt(int64(d))
	return nil
}

func parseInteger(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("integer", &text); err != nil {
		return err
	}
	n, err := strconv.ParseInt(text, 0, 64)
	if err != nil || target.OverflowInt(n) {
		return fmt.Errorf("%q is not a whole number, or is too large", text)
	}
	target.SetInt(n)
	return nil
}

// listFlag is a list of strings. Its help shows the default as it is, without ",..." behind it.
type listFlag struct{ kong.Mapper }

// PlaceHolder implements kong.PlaceHolderProvider.
func (listFlag) PlaceHolder(f *kong.Flag) string {
	switch {
	case f.PlaceHolder != "":
		return f.PlaceHolder
	case f.HasDefault:
		return f.Default
	}
	return strings.ToUpper(f.Name) + ",..."
}
