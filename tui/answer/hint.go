package answer

import "regexp"

// Reader is where a master's hint is read. The masters word their hints for callers of the
// API, whose fields and paths a user of the commands or of the console does not have.
type Reader uint8

// The readers.
const (
	Shell   Reader = iota // of a command's output
	Console               // of the console
)

// wording is how a phrase of the masters' hints reads elsewhere. $1 is the phrase's first group.
type wording struct {
	phrase         *regexp.Regexp
	shell, console string
}

func say(phrase, shell, console string) wording {
	return wording{regexp.MustCompile(phrase), shell, console}
}

// wordings are tried in order; TestEveryHintOfTheAPIHasOtherWords compares them with the
// hints in the masters' sources.
var wordings = []wording{
	say(`send all_shards: true if that is intended`,
		`allow every shard with --all-shards if that is intended`,
		`switch on all shards with F7 if that is intended`),
	say(`with all_shards: true`, `with --all-shards`, `with all shards switched on (F7)`),
	say(`send allow_partial: true to read the other shards`,
		`read the other shards with --allow-partial`,
		`switch on partial answers with F7 to read the other shards`),
	say(`send params: \{"([^"]*)": \.\.\.\} with the request`,
		`give its value with --param $1=...`,
		`give @$1 a value with F7`),
	say(`explain one statement at a time, with the values in params`,
		`explain one statement at a time, with the values as --param name=...`,
		`explain one statement at a time, with the values given by F7`),
	say(`params has (.*); did you mean that\?`, `--param specifies $1; did you mean that?`, `did you mean $1?`),
	say(`write @name( in (?:a|the) statement)?, and the value in params( of the request)?`,
		`write @name$1, and its value as --param name=...`,
		`write @name$1, and give it a value with F7`),
	say(`write table or dbo\.table; db_name of the request says which database`,
		`write table or dbo.table; the database is that of --db`,
		`write table or dbo.table; Ctrl-T chooses the database`),
	say(`db_name of the request says which database`, `the database is that of --db`, `Ctrl-T chooses the database`),
	say(`send a separate statement with db_name ([^; ]*)`,
		`send a separate statement with --db $1`,
		`choose $1 with Ctrl-T for a separate statement`),
	say(`send db_name as a non-empty string`, `name a database`, `Ctrl-T chooses the database`),
	say(`send table as a non-empty string`, `name a table`, `name a table`),
	say(`create it with POST /create-db; GET /metadata lists the databases`,
		`shardeck status lists the databases, and query takes one as --db; POST /create-db of a master creates one (see the README)`,
		`Ctrl-T lists the databases; POST /create-db of a master creates one (see the README)`),
	say(`to give its rows up, POST /create-db with accept_empty_shards: `,
		`to give its rows up, POST /create-db of a master (see the README) with accept_empty_shards: `,
		`to give its rows up, POST /create-db of a master (see the README) with accept_empty_shards: `),
	say(`list only shards whose state in GET /health is emptied`, `list only shards that shardeck status shows as emptied`, `list only shards that are emptied`),
	say(`see drift in GET /metadata before creating it there again`, `see drift in shardeck status before creating it there again`, `see the drift that is reported before creating it there again`),
	say(`see drift in GET /metadata`, `see drift in shardeck status`, `see the drift that is reported`),
	say(`; GET /metadata has more`, `; shardeck status has more`, `; Ctrl-T has more`),
	say(`drift in GET /metadata says how, and POST /repair-table repairs it`,
		`shardeck status says how, and shardeck repair repairs it`,
		`the drift that is reported says how, and shardeck repair repairs it`),
	say(`once GET /events reports that it is complete`, `when it is complete`, `when it is complete`),
	say(`GET /events of the primary reports (when|the outcome on each shard)`, `its log and the console say $1`, `its log says $1`),
	say(`send force: true to go ahead without it`, `go ahead without it with --force`, `choose Force`),
	say(`complete it with POST /create-db`,
		`complete it with POST /create-db of a master (see the README)`,
		`complete it with POST /create-db of a master (see the README)`),
	say(`POST /(create|drop)-db of the master (creates|drops) a database on every shard`,
		`POST /$1-db of a master $2 a database on every shard (see the README)`,
		`POST /$1-db of a master $2 a database on every shard (see the README)`),
	say(`create it with POST /create-table`, `create it with CREATE TABLE`, `create it with CREATE TABLE`),
	say(`drop it first with POST /delete-table`, `drop it first with DROP TABLE`, `drop it first with DROP TABLE`),
	say(`make (\S+) the shard key: send "shard_key": \S+, or in T-SQL add WITH`,
		`make $1 the shard key: add WITH`, `make $1 the shard key: add WITH`),
	say(`send explain alone, or analyze a SELECT`, `use --explain without --analyze, or --analyze a SELECT`, `press F6 for its plan`),
	say(`send explain: true as well`, `use --explain as well`, `press F6 for its plan`),
	say(`send the statement with explain: true in the request`, `send the statement with --explain`, `press F6 for the plan of the statement alone`),
	say(`allow more time with timeout_ms and MASTER_QUERY_TIMEOUT`,
		`allow more time with --timeout, at most the masters' MASTER_QUERY_TIMEOUT`,
		`allow more time with F7, at most the masters' MASTER_QUERY_TIMEOUT`),
	say(`send the statements one at a time, without GO`, `send the statements one at a time, without GO`, `write GO on a line of its own`),
	say(`send the statements one at a time`, `send the statements one at a time`, `separate the statements with ;`),
	say(`GET /queries lists the running ones`, `shardeck queries lists the running ones`, `shardeck queries lists the running ones`),
	say(`DELETE /queries/\{id\} cancels`, `shardeck queries cancel ID cancels`, `Esc, or shardeck queries cancel ID, cancels`),
	say(`GET /metadata lists databases and tables`, `shardeck status lists databases and tables`, `Ctrl-T lists databases and tables`),
	say(`INSERT \.\.\. VALUES or POST /insert`, `INSERT ... VALUES`, `INSERT ... VALUES`),
	say(`send Authorization: Bearer with the master's MASTER_API_TOKEN`,
		`use --api-token-file FILE with the master's MASTER_API_TOKEN in the file`,
		`start the console with --api-token-file FILE, with the master's MASTER_API_TOKEN in the file`),
	say(`or POST /failover to the master that is to lead`,
		`or promote a backup with shardeck failover`, `or promote a backup with f on the dashboard`),
	say(`send /failover to the backup that is to take over`,
		`name the backup that is to take over with --to`, `f on the dashboard promotes a backup`),
	say(`^send this to (http\S+)$`, `the primary is $1: use it as --master`, `the primary is $1`),
	say(`, or repeat it with the Idempotency-Key (\S+): nothing is applied twice`,
		`, or repeat it with --idempotency-key $1: nothing is applied twice`, ``),
	say(`send the whole request again with the Idempotency-Key (\S+): nothing is applied twice`,
		`repeat it with --idempotency-key $1: nothing is applied twice`, `read before writing again`),
	say(`, or repeat it with the same Idempotency-Key`, ``, ``),
	say(`use the field group_by of map-reduce-count`, `use --group-by`, `write it in a SELECT`),
	say(`use the fields? [^;]+`, `write it in a SELECT for the query command`, `write it in a SELECT`),
	say(`rows lists the inserted rows by index`, `the error lists the inserted rows by index`, `the error lists the inserted rows by index`),
	say(`applied lists the shards that succeeded, causes those that failed`,
		`"done" lists the shards that succeeded, "cause" those that failed`, `the error lists the shards that failed`),
	say(`applied lists the shards that succeeded`, `"done" lists the shards that succeeded`, `the other shards succeeded`),
}

// Hint words a hint of the masters for its reader. What it does not know stays as it is.
func Hint(hint string, to Reader) string {
	for _, w := range wordings {
		text := w.shell
		if to == Console {
			text = w.console
		}
		hint = w.phrase.ReplaceAllString(hint, text)
	}
	return hint
}
