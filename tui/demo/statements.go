package demo

// demoStatements are the initial history of the Query screen in a demo, the latest last.
// Each shows a different route through the shards.
func demoStatements() []string {
	return []string{
		"-- refused: name is neither in an aggregate nor in GROUP BY\nSELECT major, name, COUNT(*)\nFROM Students\nGROUP BY major",
		"-- distinct values are counted exactly, although several shards have them\nSELECT COUNT(*) AS students, COUNT(DISTINCT major) AS majors,\n  MIN(enrolled) AS first_enrolled, MAX(gpa) AS best\nFROM Students",
		"-- sorted at the shards, merged here\nSELECT student_id, name, major, gpa, credits\nFROM Students\nWHERE gpa >= 3.9 AND active = 1\nORDER BY gpa DESC, credits DESC, student_id\nOFFSET 20 ROWS FETCH NEXT 100 ROWS ONLY",
		"-- three keys, and only the shards that hold them\nSELECT student_id, name, gpa\nFROM Students\nWHERE student_id IN (10001, 10002, 10003)",
		"-- one key, one shard\nSELECT *\nFROM Students\nWHERE student_id = 10042",
		"SELECT major, COUNT(*) AS students,\n  AVG(gpa) AS average, MAX(credits) AS most_credits\nFROM Students\nGROUP BY major\nHAVING COUNT(*) > 100\nORDER BY average DESC",
	}
}
