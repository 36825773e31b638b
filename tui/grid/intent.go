package grid

import "context"

// The intents of a grid, beside those of package keymap. Rows and columns are those of the
// source, whatever the order on screen.
type (
	// OpenCell asks for the whole value.
	OpenCell struct {
		Row, Column int
		Of          Column
		Value       Cell
	}
	// OpenRow asks for the row as a list of names and values.
	OpenRow struct{ Row int }
	// CopyAs asks for the menu of what to copy and how. See [Grid.Shown] and [Grid.Chosen].
	CopyAs struct{ Row, Column int }
	// EditCell asks to change the value.
	EditCell struct {
		Row, Column int
		Of          Column
		Value       Cell
	}
	// PlotColumns asks for a plot, of this column first of all.
	PlotColumns struct{ Column int }
	// Export asks for the dialog that writes the rows to a file.
	Export struct{}
	// Prepare orders many rows. The program calls Run, in the background, and passes its
	// result to [Grid.Apply]. Cancelling the context ends it soon.
	Prepare struct {
		What string // such as "sorting 100,000 rows"
		Run  func(context.Context) Order
	}
)
