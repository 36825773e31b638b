package terminal

import (
	"fmt"

	uv "github.com/charmbracelet/ultraviolet"
)

// text describes a cell; all blanks of one background look the same.
func text(c *uv.Cell) string {
	if c == nil {
		return "none"
	}
	content := c.Content
	if content == "" && c.Width == 1 {
		content = " "
	}
	if content == " " && c.Style.Attrs&uv.AttrReverse == 0 && c.Style.Underline == 0 {
		return fmt.Sprintf("blank on %v", c.Style.Bg)
	}
	return fmt.Sprintf("%q/%d %q %v", content, c.Width, c.Style.String(), c.Link)
}
