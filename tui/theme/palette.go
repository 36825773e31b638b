package theme

import (
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// look is one role's appearance; empty colours default to the palette's.
type look struct {
	fg, bg                     string
	bold, reverse, faint, line bool
}

// palette is the default colours and a look for each role.
type palette struct {
	fg, bg string
	looks  map[Role]look
}

// style builds the lipgloss style of a role. On a terminal with 16 colours the
// background is left to the terminal, because the nearest of 16 is rarely close.
func (p palette) style(r *lipgloss.Renderer, role Role, profile termenv.Profile) lipgloss.Style {
	l := p.looks[role]
	s := r.NewStyle()
	fg, bg := l.fg, l.bg
	if fg == "" && !l.reverse {
		fg = p.fg
	}
	if bg == "" && (profile == termenv.TrueColor || profile == termenv.ANSI256) {
		bg = p.bg
	}
	if fg != "" {
		s = s.Foreground(lipgloss.Color(fg))
	}
	if bg != "" {
		s = s.Background(lipgloss.Color(bg))
	}
	return s.Bold(l.bold).Reverse(l.reverse).Faint(l.faint).Underline(l.line)
}

// The colours of the series can be told apart with the common forms of colour
// blindness (after Okabe and Ito, "Color Universal Design", 2008).
var palettes = map[string]palette{
	Dark: {
		fg: "#d5dae3", bg: "#10141b",
		looks: map[Role]look{
			Muted:        {fg: "#8a94a6"},
			Dim:          {fg: "#4a5262"},
			Strong:       {fg: "#ffffff", bold: true},
			Brand:        {fg: "#10141b", bg: "#5cc8ff", bold: true},
			Title:        {fg: "#9fd6ff", bold: true},
			Head:         {fg: "#8a94a6"},
			Border:       {fg: "#3a4456"},
			DialogFrame:  {fg: "#5cc8ff"},
			Key:          {fg: "#ffd166", bold: true},
			Good:         {fg: "#4fd6a0"},
			Warn:         {fg: "#ffc247"},
			Bad:          {fg: "#ff6b6b", bold: true},
			Info:         {fg: "#5cc8ff"},
			Stale:        {fg: "#9a8f6a"},
			GoodBadge:    {fg: "#06231a", bg: "#4fd6a0", bold: true},
			WarnBadge:    {fg: "#2a1d00", bg: "#ffc247", bold: true},
			BadBadge:     {fg: "#ffffff", bg: "#c93a3a", bold: true},
			InfoBadge:    {fg: "#d5dae3", bg: "#2b3648", bold: true},
			Button:       {fg: "#d5dae3", bg: "#2b3648"},
			ButtonFocus:  {fg: "#10141b", bg: "#5cc8ff", bold: true},
			ButtonDanger: {fg: "#ffffff", bg: "#c93a3a", bold: true},
			ButtonOff:    {fg: "#5a6375", bg: "#1b212c"},
			Selected:     {fg: "#ffffff", bg: "#24405c", bold: true},
			Series0:      {fg: "#56b4e9"},
			Series1:      {fg: "#e69f00"},
			Series2:      {fg: "#2bbf8f"},
			Series3:      {fg: "#cc79a7"},
			Series4:      {fg: "#f0e442"},
			Series5:      {fg: "#d55e00"},
		},
	},
	Light: {
		fg: "#1f2733", bg: "#fbfaf7",
		looks: map[Role]look{
			Muted:        {fg: "#5f6b7c"},
			Dim:          {fg: "#b3bac5"},
			Strong:       {fg: "#000000", bold: true},
			Brand:        {fg: "#ffffff", bg: "#0b62a8", bold: true},
			Title:        {fg: "#0b4f87", bold: true},
			Head:         {fg: "#5f6b7c"},
			Border:       {fg: "#b9c0ca"},
			DialogFrame:  {fg: "#0b62a8"},
			Key:          {fg: "#8a4b00", bold: true},
			Good:         {fg: "#0a6b48"},
			Warn:         {fg: "#8a5a00", bold: true},
			Bad:          {fg: "#b3201f", bold: true},
			Info:         {fg: "#0b62a8"},
			Stale:        {fg: "#85774a"},
			GoodBadge:    {fg: "#ffffff", bg: "#0a7a52", bold: true},
			WarnBadge:    {fg: "#2a1d00", bg: "#ffc247", bold: true},
			BadBadge:     {fg: "#ffffff", bg: "#b3201f", bold: true},
			InfoBadge:    {fg: "#1f2733", bg: "#dfe4ea", bold: true},
			Button:       {fg: "#1f2733", bg: "#dfe4ea"},
			ButtonFocus:  {fg: "#ffffff", bg: "#0b62a8", bold: true},
			ButtonDanger: {fg: "#ffffff", bg: "#b3201f", bold: true},
			ButtonOff:    {fg: "#9aa3af", bg: "#eceef1"},
			Selected:     {fg: "#000000", bg: "#cfe3f5", bold: true},
			Series0:      {fg: "#0072b2"},
			Series1:      {fg: "#b87a00"},
			Series2:      {fg: "#007a5a"},
			Series3:      {fg: "#a8497f"},
			Series4:      {fg: "#7d7400"},
			Series5:      {fg: "#b34b00"},
		},
	},
	HighContrast: {
		fg: "#ffffff", bg: "#000000",
		looks: map[Role]look{
			Muted:        {fg: "#e0e0e0"},
			Dim:          {fg: "#767676"},
			Strong:       {fg: "#ffffff", bold: true},
			Brand:        {fg: "#000000", bg: "#ffffff", bold: true},
			Title:        {fg: "#ffff00", bold: true},
			Head:         {fg: "#ffffff", line: true},
			Border:       {fg: "#ffffff"},
			DialogFrame:  {fg: "#ffff00"},
			Key:          {fg: "#ffff00", bold: true},
			Good:         {fg: "#00ff7f", bold: true},
			Warn:         {fg: "#ffff00", bold: true},
			Bad:          {fg: "#ff8080", bold: true},
			Info:         {fg: "#00ffff", bold: true},
			Stale:        {fg: "#ffff00"},
			GoodBadge:    {fg: "#000000", bg: "#00ff7f", bold: true},
			WarnBadge:    {fg: "#000000", bg: "#ffff00", bold: true},
			BadBadge:     {fg: "#ffffff", bg: "#b00000", bold: true},
			InfoBadge:    {fg: "#000000", bg: "#00ffff", bold: true},
			Button:       {fg: "#ffffff", bg: "#404040"},
			ButtonFocus:  {fg: "#000000", bg: "#ffff00", bold: true},
			ButtonDanger: {fg: "#ffffff", bg: "#b00000", bold: true},
			ButtonOff:    {fg: "#a0a0a0", bg: "#202020"},
			Selected:     {fg: "#000000", bg: "#ffffff", bold: true},
			Series0:      {fg: "#66ccff", bold: true},
			Series1:      {fg: "#ffb000", bold: true},
			Series2:      {fg: "#00ff9f", bold: true},
			Series3:      {fg: "#ff99dd", bold: true},
			Series4:      {fg: "#ffff66", bold: true},
			Series5:      {fg: "#ff8c40", bold: true},
		},
	},
	// Good, warn and bad differ in lightness and are blue, yellow and orange, which people with any of
	// the common forms of colour blindness tell apart (after Okabe and Ito).
	ColourBlind: {
		fg: "#e6e6e6", bg: "#101014",
		looks: map[Role]look{
			Muted:        {fg: "#9a9aa6"},
			Dim:          {fg: "#55555f"},
			Strong:       {fg: "#ffffff", bold: true},
			Brand:        {fg: "#101014", bg: "#cfd6e6", bold: true},
			Title:        {fg: "#cfd6e6", bold: true},
			Head:         {fg: "#9a9aa6"},
			Border:       {fg: "#4a4a55"},
			DialogFrame:  {fg: "#cfd6e6"},
			Key:          {fg: "#f0e442", bold: true},
			Good:         {fg: "#8fd0ff"},
			Warn:         {fg: "#fff48a"},
			Bad:          {fg: "#e8702a", bold: true},
			Info:         {fg: "#cfd6e6"},
			Stale:        {fg: "#a8a07a"},
			GoodBadge:    {fg: "#04131d", bg: "#8fd0ff", bold: true},
			WarnBadge:    {fg: "#1d1a00", bg: "#fff48a", bold: true},
			BadBadge:     {fg: "#1d0a00", bg: "#e8702a", bold: true},
			InfoBadge:    {fg: "#e6e6e6", bg: "#34343e", bold: true},
			Button:       {fg: "#e6e6e6", bg: "#34343e"},
			ButtonFocus:  {fg: "#101014", bg: "#cfd6e6", bold: true},
			ButtonDanger: {fg: "#1d0a00", bg: "#ff9040", bold: true},
			ButtonOff:    {fg: "#6a6a75", bg: "#1c1c22"},
			Selected:     {fg: "#ffffff", bg: "#2a4a66", bold: true},
			Series0:      {fg: "#56b4e9"},
			Series1:      {fg: "#e69f00"},
			Series2:      {fg: "#009e73"},
			Series3:      {fg: "#cc79a7"},
			Series4:      {fg: "#f0e442"},
			Series5:      {fg: "#ff9040"},
		},
	},
	Mono: {
		looks: map[Role]look{
			Muted:        {faint: true},
			Dim:          {faint: true},
			Strong:       {bold: true},
			Brand:        {reverse: true, bold: true},
			Title:        {bold: true},
			Head:         {faint: true},
			Border:       {faint: true},
			DialogFrame:  {bold: true},
			Key:          {bold: true},
			Warn:         {bold: true},
			Bad:          {bold: true, line: true},
			Stale:        {faint: true},
			GoodBadge:    {reverse: true},
			WarnBadge:    {reverse: true, bold: true},
			BadBadge:     {reverse: true, bold: true, line: true},
			InfoBadge:    {bold: true},
			ButtonFocus:  {reverse: true, bold: true},
			ButtonDanger: {reverse: true, bold: true, line: true},
			ButtonOff:    {faint: true},
			Selected:     {reverse: true},
		},
	},
}
