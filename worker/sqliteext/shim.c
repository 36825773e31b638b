//go:build sqliteext

#include <string.h>
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

#include "shim.h"
#include "_cgo_export.h"

enum {
	MOST_ARGUMENTS = 126,
	MOST_CELLS = 126, /* SQLite's limit of arguments is 127 in most builds */
};

static void convert(sqlite3_value *v, sd_arg *a) {
	memset(a, 0, sizeof *a);
	a->class = sqlite3_value_type(v);
	switch (a->class) {
	case SQLITE_INTEGER:
		a->integer = sqlite3_value_int64(v);
		break;
	case SQLITE_FLOAT:
		a->real = sqlite3_value_double(v);
		break;
	case SQLITE_TEXT:
		a->bytes = (const char *)sqlite3_value_text(v);
		a->length = sqlite3_value_bytes(v);
		break;
	case SQLITE_BLOB:
		a->bytes = sqlite3_value_blob(v);
		a->length = sqlite3_value_bytes(v);
		break;
	}
}

static int convertAll(int argc, sqlite3_value **argv, sd_arg *args) {
	int null = 0;
	for (int i = 0; i < argc; i++) {
		convert(argv[i], &args[i]);
		null |= args[i].class == SQLITE_NULL;
	}
	return null;
}

/* A function returns NULL if an argument is NULL, unless it takes NULLs. */
static void call(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
	sd_arg args[MOST_ARGUMENTS];
	int function = (int)(intptr_t)sqlite3_user_data(ctx);
	if (argc > MOST_ARGUMENTS) {
		static const char text[] = "shardeck: a function has at most 126 arguments";
		sqlite3_result_error(ctx, text, sizeof text - 1);
		return;
	}
	if (!convertAll(argc, argv, args) || sdTakesNulls(function))
		sdCall(function, ctx, args, argc);
}

/* The state of a group is the id of a Go value; SQLite zeroes it before the first row. */
static void step(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
	sd_arg args[MOST_ARGUMENTS];
	int64_t *id = sqlite3_aggregate_context(ctx, sizeof *id);
	if (!id) {
		sqlite3_result_error_nomem(ctx);
		return;
	}
	if (argc > MOST_ARGUMENTS) {
		static const char text[] = "shardeck: an aggregate has at most 126 arguments";
		sqlite3_result_error(ctx, text, sizeof text - 1);
		return;
	}
	convertAll(argc, argv, args);
	*id = sdStep((int)(intptr_t)sqlite3_user_data(ctx), *id, ctx, args, argc);
}

/* SQLite calls it for every group with a row, even if the statement has failed. */
static void final(sqlite3_context *ctx) {
	int64_t *id = sqlite3_aggregate_context(ctx, 0);
	if (id && *id)
		sdFinal(*id, ctx);
}

/* The wire form of values; these take NULL. */
static void decode(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
	sd_arg args[2];
	convertAll(argc, argv, args);
	sdDecode(ctx, args, argc);
}

/* Converts a row's values, unless there are too many of them. */
static int convertRow(sqlite3_context *ctx, int argc, sqlite3_value **argv, sd_arg *args) {
	if (argc > 1 + MOST_CELLS) {
		static const char text[] = "shardeck: a row of cells has at most 126 values";
		sqlite3_result_error(ctx, text, sizeof text - 1);
		return 0;
	}
	convertAll(argc, argv, args);
	return 1;
}

static void cellsBy(void (*give)(sqlite3_context *, sd_arg *, int), sqlite3_context *ctx, int argc, sqlite3_value **argv) {
	sd_arg args[1 + MOST_CELLS];
	if (convertRow(ctx, argc, argv, args))
		give(ctx, args, argc);
}

static void cells(sqlite3_context *ctx, int argc, sqlite3_value **argv) { cellsBy(sdCells, ctx, argc, argv); }

static void textCells(sqlite3_context *ctx, int argc, sqlite3_value **argv) { cellsBy(sdTextCells, ctx, argc, argv); }

/* The functions for workers over SQL Server; these take NULL, too. */
static void program(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
	sd_arg args[MOST_ARGUMENTS];
	convertAll(argc, argv, args);
	sdProgramCall((int)(intptr_t)sqlite3_user_data(ctx), ctx, args, argc);
}

/* Rows in pieces; see pack.go. */
static int64_t packer(sqlite3_context *ctx) { return (int64_t)(intptr_t)sqlite3_user_data(ctx); }

static void pack(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
	sd_arg args[1 + MOST_CELLS];
	if (convertRow(ctx, argc, argv, args))
		sdPack(packer(ctx), ctx, args, argc);
}

static void packed(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
	(void)argc, (void)argv;
	sdPacked(packer(ctx), ctx);
}

static void take(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
	(void)argc, (void)argv;
	sdTake(packer(ctx), ctx);
}

static void packerClosed(void *id) { sdPackerClosed((int64_t)(intptr_t)id); }

static void type(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
	sd_arg arg;
	convertAll(argc, argv, &arg);
	sdType(ctx, &arg, argc);
}

static int compare(void *which, int na, const void *a, int nb, const void *b) {
	return sdCompare((int)(intptr_t)which, (char *)a, na, (char *)b, nb);
}

/* A statement is interrupted from another thread, through a connection of that thread's own:
   sd_handle() identifies a connection, sd_interrupt(handle) interrupts the statement in
   progress on it. It does nothing if the connection is closed or the handle is unknown. */
static void handle(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
	(void)argc, (void)argv;
	sqlite3_result_int64(ctx, (sqlite3_int64)(intptr_t)sqlite3_user_data(ctx));
}

static void interrupt(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
	(void)argc;
	sdInterrupt(sqlite3_value_int64(argv[0]));
	sqlite3_result_null(ctx);
}

/* sd_keep_log(): closing the connection neither checkpoints nor removes the log. */
static void keepLog(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
	(void)argc, (void)argv;
	int rc = sqlite3_db_config(sqlite3_context_db_handle(ctx), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
	if (rc != SQLITE_OK)
		sqlite3_result_error_code(ctx, rc);
}

static void closed(void *id) { sdClosed((int64_t)(intptr_t)id); }

void sd_interrupt_connection(void *db) { sqlite3_interrupt(db); }

void sd_result_int(sqlite3_context *ctx, int64_t v) { sqlite3_result_int64(ctx, v); }
void sd_result_real(sqlite3_context *ctx, double v) { sqlite3_result_double(ctx, v); }
void sd_result_text(sqlite3_context *ctx, const char *s, uint64_t n) {
	sqlite3_result_text64(ctx, n ? s : "", n, SQLITE_TRANSIENT, SQLITE_UTF8);
}
void sd_result_blob(sqlite3_context *ctx, const char *s, uint64_t n) {
	sqlite3_result_blob64(ctx, n ? s : "", n, SQLITE_TRANSIENT);
}
void sd_result_error(sqlite3_context *ctx, const char *s, int n) { sqlite3_result_error(ctx, s, n); }

int sd_register(void *db) {
	const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
	int rc = SQLITE_OK, most;
	const char *name;
	for (int i = 0; rc == SQLITE_OK && (name = sdFunctionName(i)); i++) {
		most = sdMaxArguments(i);
		if (most > MOST_ARGUMENTS)
			return SQLITE_ERROR;
		if (sdIsVariadic(i)) {
			rc = sqlite3_create_function_v2(db, name, -1, flags, (void *)(intptr_t)i, call, 0, 0, 0);
			continue;
		}
		for (int n = sdMinArguments(i); rc == SQLITE_OK && n <= most; n++)
			rc = sqlite3_create_function_v2(db, name, n, flags, (void *)(intptr_t)i, call, 0, 0, 0);
	}
	for (int i = 0; rc == SQLITE_OK && (name = sdAggregateName(i)); i++)
		rc = sqlite3_create_function_v2(db, name, sdAggregateArguments(i), flags, (void *)(intptr_t)i, 0, step, final, 0);
	for (int i = 0; rc == SQLITE_OK && (name = sdCollationName(i)); i++)
		rc = sqlite3_create_collation_v2(db, name, SQLITE_UTF8, (void *)(intptr_t)i, compare, 0);
	if (rc == SQLITE_OK) {
		intptr_t id = sdOpened(db);
		rc = sqlite3_create_function_v2(db, "sd_handle", 0, SQLITE_UTF8, (void *)id, handle, 0, 0, closed);
	}
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(db, "sd_decode", 2, flags, 0, decode, 0, 0, 0);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(db, "sd_cells", -1, flags, 0, cells, 0, 0, 0);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(db, "sd_mssql_cells", -1, flags, 0, textCells, 0, 0, 0);
	for (int i = 0; rc == SQLITE_OK && (name = sdProgramName(i)); i++) {
		if (sdProgramArguments(i) > MOST_ARGUMENTS)
			return SQLITE_ERROR;
		rc = sqlite3_create_function_v2(db, name, sdProgramArguments(i), flags, (void *)(intptr_t)i, program, 0, 0, 0);
	}
	if (rc == SQLITE_OK) {
		intptr_t id = sdPackerOpened();
		const int changing = SQLITE_UTF8 | SQLITE_INNOCUOUS;
		rc = sqlite3_create_function_v2(db, "sd_take", 0, changing, (void *)id, take, 0, 0, packerClosed);
		if (rc == SQLITE_OK)
			rc = sqlite3_create_function_v2(db, "sd_packed", 0, changing, (void *)id, packed, 0, 0, 0);
		if (rc == SQLITE_OK)
			rc = sqlite3_create_function_v2(db, "sd_pack", -1, changing, (void *)id, pack, 0, 0, 0);
	}
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(db, "sd_type", 1, flags, 0, type, 0, 0, 0);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(db, "sd_keep_log", 0, SQLITE_UTF8 | SQLITE_DIRECTONLY, 0, keepLog, 0, 0, 0);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(db, "sd_interrupt", 1, SQLITE_UTF8 | SQLITE_DIRECTONLY, 0, interrupt, 0, 0, 0);
	return rc;
}

/* The library's entry point, which SQLite derives from its file name, libshardeck. A Windows
   library with any explicit export, as cgo's are, exports nothing else by itself. */
#ifdef _WIN32
__declspec(dllexport)
#endif
int sqlite3_shardeck_init(sqlite3 *db, char **error, const sqlite3_api_routines *api) {
	SQLITE_EXTENSION_INIT2(api);
	int rc = sd_register(db);
	if (rc != SQLITE_OK && error)
		*error = sqlite3_mprintf("shardeck: the functions could not be registered: %s", sqlite3_errstr(rc));
	return rc;
}
