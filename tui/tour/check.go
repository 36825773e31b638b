package tour

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"shardeck/shared/api"
)

// Check is something that a step expects.
type Check struct {
	Subject  string
	Number   int    // of the shard or the master
	Text     string // the word, value or part of a text that is expected
	Op       string // of a number: "=", ">=" or "<="
	Want     int64
	Students bool // Want is the number of students that the demo has loaded
}

// Verdict is what became of a check.
type Verdict uint8

// The verdicts.
const (
	Pending Verdict = iota
	Met
	Failed
)

// checkKind is what is known about a check.
type checkKind struct {
	subject string
	needs   []string // actions of which one must come before; none: it is about the state of the cluster
	state   bool     // it is about the state of the cluster, which changes by itself
	read    func(c *Check, value any, rest map[string]any) error
	say     func(c *Check) string
	judge   func(c *Check, f *Facts) (v Verdict, is string)
}

// checkKinds returns the one list of checks.
func checkKinds() []checkKind {
	results := []string{Count, Run}
	return []checkKind{
		{subject: "status", state: true, read: readOneOf(statuses...), say: sayText("the cluster is"),
			judge: func(c *Check, f *Facts) (Verdict, string) { return judgeState(f.Status, c.Text) }},
		{subject: "shard", state: true, read: readMember(0, shardWords...), say: func(c *Check) string { return fmt.Sprintf("shard %d is %s", c.Number, c.Text) },
			judge: func(c *Check, f *Facts) (Verdict, string) { return judgeMember(f.Shards, c.Number, c.Text) }},
		{subject: "master", state: true, read: readMember(1, RolePrimary, RoleBackup, RoleDown), say: func(c *Check) string { return fmt.Sprintf("master %d is %s", c.Number, c.Text) },
			judge: func(c *Check, f *Facts) (Verdict, string) { return judgeMember(f.Masters, c.Number-1, c.Text) }},
		{subject: "alarm", state: true, read: readText, say: func(c *Check) string { return fmt.Sprintf("alarm %q", c.Text) }, judge: judgeAlarm},
		{subject: "count", needs: []string{Count}, read: readNumber, say: sayNumber("count"),
			judge: func(c *Check, f *Facts) (Verdict, string) { return judgeNumber(c, f, f.Count, outcomeRows) }},
		{subject: "rows", needs: []string{Run}, read: readNumber, say: sayNumber("rows"),
			judge: func(c *Check, f *Facts) (Verdict, string) { return judgeNumber(c, f, f.Statement, outcomeRows) }},
		{subject: "shards", needs: results, read: readNumber, say: sayNumber("shards asked"),
			judge: func(c *Check, f *Facts) (Verdict, string) { return judgeNumber(c, f, f.Latest, outcomeShards) }},
		{subject: "missing", needs: results, read: readNumber, say: sayNumber("shards missing"),
			judge: func(c *Check, f *Facts) (Verdict, string) { return judgeNumber(c, f, f.Latest, outcomeMissing) }},
		{subject: "value", needs: []string{Run}, read: readText, say: sayText("first value"), judge: judgeValue},
		{subject: "error", needs: []string{Run, Count}, read: readText, say: sayText("refused as"), judge: judgeError},
		{subject: "security", needs: []string{Security}, read: readOneOf("passed", "failed"), say: sayText("security check"), judge: judgeSecurity},
	}
}

// Subjects lists the names of the checks.
func Subjects() []string {
	var all []string
	for _, k := range checkKinds() {
		all = append(all, k.subject)
	}
	return all
}

func kindOf(subject string) checkKind {
	kinds := checkKinds()
	return kinds[slices.IndexFunc(kinds, func(k checkKind) bool { return k.subject == subject })]
}

// String describes the check in a few words.
func (c *Check) String() string { return kindOf(c.Subject).say(c) }

// judge compares what is expected with what is. The second result says what is instead.
func (c *Check) judge(f *Facts) (Verdict, string) { return kindOf(c.Subject).judge(c, f) }

// possible refuses a check of an action that has not come before.
func (c *Check) possible(had map[string]bool) error {
	needs := kindOf(c.Subject).needs
	if len(needs) == 0 || slices.ContainsFunc(needs, func(verb string) bool { return had[verb] }) {
		return nil
	}
	return fmt.Errorf("%s requires %s in this step or one before it", c.Subject, strings.Join(needs, " or "))
}

func checkOf(item any) (Check, error) {
	subject, value, rest, err := entry(item, Subjects())
	if err != nil {
		return Check{}, err
	}
	c := Check{Subject: subject}
	if value == nil {
		return c, fmt.Errorf("%s has no value; write { %s = ... }", subject, subject)
	}
	if err := kindOf(subject).read(&c, value, rest); err != nil {
		return c, fmt.Errorf("%s: %w", subject, err)
	}
	return c, nil
}

func readText(c *Check, value any, rest map[string]any) (err error) {
	if c.Text, err = textOf(value, maxCaption); err != nil {
		return err
	}
	return onlyKeys(c.Subject, rest)
}

func readOneOf(words ...string) func(*Check, any, map[string]any) error {
	return func(c *Check, value any, rest map[string]any) error {
		if err := readText(c, value, rest); err != nil {
			return err
		}
		return oneOf(c.Text, words)
	}
}

func oneOf(text string, words []string) error {
	if slices.Contains(words, text) {
		return nil
	}
	return fmt.Errorf("%q must be one of %s", text, strings.Join(words, ", "))
}

// readMember reads { shard = 1, is = "down" }.
func readMember(from int64, words ...string) func(*Check, any, map[string]any) error {
	return func(c *Check, value any, rest map[string]any) (err error) {
		if c.Number, err = smallNumber(value, from); err != nil {
			return err
		}
		is, ok := rest["is"].(string)
		if !ok {
			return fmt.Errorf("write { %s = %d, is = %q }", c.Subject, c.Number, words[0])
		}
		if err := onlyKeys(c.Subject, rest, "is"); err != nil {
			return err
		}
		c.Text = is
		return oneOf(is, words)
	}
}

// readNumber reads 5, ">= 5" or ">= students".
func readNumber(c *Check, value any, rest map[string]any) error {
	if err := onlyKeys(c.Subject, rest); err != nil {
		return err
	}
	c.Op = "="
	if n, ok := value.(int64); ok && n >= 0 {
		c.Want = n
		return nil
	}
	wrong := errors.New(`must be a number, or a text such as ">= 100" or ">= students"`)
	text, ok := value.(string)
	if !ok {
		return wrong
	}
	text = strings.TrimSpace(text)
	for _, op := range []string{">=", "<=", "="} {
		if rest, ok := strings.CutPrefix(text, op); ok {
			c.Op, text = op, strings.TrimSpace(rest)
			break
		}
	}
	if text == "students" {
		c.Students = true
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return wrong
	}
	c.Want = n
	return nil
}

func sayText(what string) func(*Check) string {
	return func(c *Check) string { return what + " " + c.Text }
}

func sayNumber(what string) func(*Check) string {
	return func(c *Check) string {
		want := strconv.FormatInt(c.Want, 10)
		if c.Students {
			want = "students"
		}
		return what + " " + c.Op + " " + want
	}
}

func judgeState(is, want string) (Verdict, string) {
	if is == want {
		return Met, is
	}
	return Pending, is
}

func judgeMember(all []string, i int, want string) (Verdict, string) {
	if i >= len(all) {
		return Pending, "not there"
	}
	return judgeState(all[i], want)
}

func judgeAlarm(c *Check, f *Facts) (Verdict, string) {
	for _, a := range f.Alarms {
		if strings.Contains(strings.ToLower(a), strings.ToLower(c.Text)) {
			return Met, a
		}
	}
	if len(f.Alarms) == 0 {
		return Pending, "no alarm"
	}
	return Pending, strings.Join(f.Alarms, "; ")
}

func outcomeRows(o *Outcome) int64    { return o.Rows }
func outcomeShards(o *Outcome) int64  { return int64(o.Shards) }
func outcomeMissing(o *Outcome) int64 { return int64(o.Missing) }

func judgeNumber(c *Check, f *Facts, o *Outcome, number func(*Outcome) int64) (Verdict, string) {
	if o == nil {
		return Pending, "not known yet"
	}
	if o.Failed != "" {
		return Failed, o.Failed
	}
	is, want := number(o), c.Want
	if c.Students {
		want = f.Students
	}
	if is == want || c.Op == ">=" && is > want || c.Op == "<=" && is < want {
		return Met, strconv.FormatInt(is, 10)
	}
	return Failed, strconv.FormatInt(is, 10)
}

func judgeValue(c *Check, f *Facts) (Verdict, string) {
	switch o := f.Statement; {
	case o == nil:
		return Pending, "not known yet"
	case o.Failed != "":
		return Failed, o.Failed
	case o.Value == c.Text:
		return Met, o.Value
	default:
		return Failed, o.Value
	}
}

func judgeError(c *Check, f *Facts) (Verdict, string) {
	switch o := f.Latest; {
	case o == nil:
		return Pending, "not known yet"
	case o.Code == api.Code(c.Text):
		return Met, c.Text
	case o.Failed != "":
		return Failed, o.Failed
	}
	return Failed, "no error"
}

func judgeSecurity(c *Check, f *Facts) (Verdict, string) {
	o := f.Security
	if o == nil {
		return Pending, "not known yet"
	}
	is, why := "passed", "passed"
	if o.Failed != "" {
		is, why = "failed", o.Failed
	}
	if is == c.Text {
		return Met, is
	}
	return Failed, why
}
