/* SQLite's API for the Go side of the extension, as functions: cgo cannot call the macros
   of sqlite3ext.h, which dispatch to the loading program's own SQLite. */
#ifndef SHARDECK_SHIM_H
#define SHARDECK_SHIM_H

#include <stdint.h>

typedef struct sqlite3_context sqlite3_context;
typedef struct sqlite3_value sqlite3_value;

/* An argument: its class, and its number or its bytes. */
typedef struct {
	int class;
	int64_t integer;
	double real;
	const char *bytes;
	int64_t length;
} sd_arg;

void sd_result_int(sqlite3_context *ctx, int64_t v);
void sd_result_real(sqlite3_context *ctx, double v);
void sd_result_text(sqlite3_context *ctx, const char *s, uint64_t n);
void sd_result_blob(sqlite3_context *ctx, const char *s, uint64_t n);
void sd_result_error(sqlite3_context *ctx, const char *s, int n);

#endif
