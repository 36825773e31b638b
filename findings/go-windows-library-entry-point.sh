#!/usr/bin/env bash
# A SQLite extension in Go whose entry point is a C function loads on Linux, and cannot be
# loaded on Windows: there the library does not export the entry point.
#
# A shared library made with `go build -buildmode=c-shared` exports every C function of the
# package on Linux. On Windows, linkers export everything only if nothing asks to be
# exported; cgo marks Go's functions (//export) as exported, so C's functions no longer are,
# unless they say __declspec(dllexport) themselves. A SQLite extension needs an entry point
# in C, as the macros of sqlite3ext.h cannot be used from Go. Nothing warns: the build
# succeeds, and SQLite says that the procedure was not found.
#
# Version: Go 1.26, with the C compiler of ziglang 0.17.1 from PyPI for both platforms.
# Seen:    Linux exports sqlite3_plain_init, sqlite3_marked_init and goFunction; Windows
#          exports sqlite3_marked_init and goFunction.
# So:      mark the entry point with __declspec(dllexport) where _WIN32 is defined.
#
# Exits 0 while this holds, 1 when it has changed. Needs Go and Python 3.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv tools
tools/bin/python -m pip install --quiet --disable-pip-version-check ziglang==0.17.1 pefile==2024.8.26 pyelftools==0.32

mkdir library && cd library
cat >go.mod <<'MOD'
module library

go 1.26
MOD
cat >main.go <<'GO'
package main

import "C"

//export goFunction
func goFunction() C.int { return 7 }

func main() {}
GO
cat >entry.c <<'C'
int sqlite3_plain_init(void) { return 0; }

#ifdef _WIN32
__declspec(dllexport)
#endif
int sqlite3_marked_init(void) { return 0; }
C

zig="$dir/tools/bin/python -m ziglang cc"
CGO_ENABLED=1 GOOS=linux GOARCH=amd64 CC="$zig -target x86_64-linux-gnu" \
	go build -buildmode=c-shared -o ../library.so .
CGO_ENABLED=1 GOOS=windows GOARCH=amd64 CC="$zig -target x86_64-windows-gnu" \
	go build -buildmode=c-shared -o ../library.dll .
cd ..

tools/bin/python - <<'PY'
import pefile
from elftools.elf.elffile import ELFFile

OURS = {'sqlite3_plain_init', 'sqlite3_marked_init', 'goFunction'}
with open('library.so', 'rb') as f:
    symbols = ELFFile(f).get_section_by_name('.dynsym').iter_symbols()
    linux = {s.name for s in symbols if s['st_shndx'] != 'SHN_UNDEF'} & OURS
exports = pefile.PE('library.dll').DIRECTORY_ENTRY_EXPORT.symbols
windows = {e.name.decode() for e in exports if e.name} & OURS
print('Linux exports  ', sorted(linux))
print('Windows exports', sorted(windows))
assert linux == OURS, linux
assert windows == OURS - {'sqlite3_plain_init'}, windows
PY
