// The command line and the environment: the same flags and variables as the other workers have.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { logFormats, logLevels } from './log.ts';
import { Problem } from './problem.ts';
import { identifier } from './requests.ts';

export interface Config {
  host: string;
  port: number;
  name: string;
  suffix: string;
  dataDir: string;
  extension: string;
  token: string;
  grace: number;
  logFormat: string;
  logLevel: string;
  exitWithParent: boolean;
}

/** An invalid command line or environment. */
export class UsageError extends Error {}

interface Flag {
  env: string;
  help: string;
  default?: string;
  boolean?: true;
}

const root = path.resolve(import.meta.dirname, '../../..');
const library = { darwin: 'libshardeck.dylib', win32: 'libshardeck.dll' }[process.platform as string] ?? 'libshardeck.so';

const flags: Record<string, Flag> = {
  host: { env: 'WORKER_HOST', default: '127.0.0.1', help: 'Address to listen on.' },
  port: { env: 'WORKER_PORT', default: '8081', help: 'Port to listen on; 0 picks a free one.' },
  name: { env: 'WORKER_NAME', help: 'Name of this worker. By default worker- and its port.' },
  'db-suffix': { env: 'WORKER_DB_SUFFIX', default: 'NODE', help: 'Suffix of physical database names.' },
  engine: { env: 'WORKER_ENGINE', default: 'sqlite', help: 'The database engine: sqlite.' },
  'data-dir': { env: 'WORKER_DATA_DIR', help: "Directory of the databases' files. By default ./data/ and the worker's name." },
  'sqlite-extension': { env: 'WORKER_SQLITE_EXTENSION', default: path.join(root, 'bin', library), help: 'The extension that make sqliteext builds.' },
  dsn: { env: 'WORKER_DSN', help: 'Not used by sqlite.' },
  'dsn-file': { env: 'WORKER_DSN_FILE', help: 'Not used by sqlite.' },
  'master-token': { env: 'MASTER_TOKEN', help: "The cluster's token. A flag can be seen by other users: prefer the variable or a file." },
  'master-token-file': { env: 'MASTER_TOKEN_FILE', help: "File with the cluster's token." },
  'shutdown-grace': { env: 'WORKER_SHUTDOWN_GRACE', default: '5s', help: 'How long requests in flight may take to finish when the worker stops.' },
  'db-connections': { env: 'WORKER_DB_CONNECTIONS', help: 'Not used by sqlite.' },
  'db-connect-timeout': { env: 'WORKER_DB_CONNECT_TIMEOUT', help: 'Not used by sqlite.' },
  'db-write-timeout': { env: 'WORKER_DB_WRITE_TIMEOUT', help: 'Not used by sqlite.' },
  'db-collation': { env: 'WORKER_DB_COLLATION', help: 'Not used by sqlite.' },
  'log-format': { env: 'LOG_FORMAT', default: 'text', help: 'Format of the log on standard error: text or json.' },
  'log-level': { env: 'LOG_LEVEL', default: 'info', help: 'Minimum log level: debug (with every request), info, warn or error.' },
  'exit-with-parent': { env: 'EXIT_WITH_PARENT', boolean: true, help: 'Shut down when standard input is closed.' },
};

/** The configuration; a string is a text to print instead of running. */
export function parse(args: string[], env: NodeJS.ProcessEnv, version: string): Config | string {
  const given = parseFlags(args);
  if (given.help) return help();
  if (given.version) return `shardeck-worker-node ${version}`;
  const value = (flag: string): string => {
    const f = flags[flag];
    const v = given[flag] ?? (env[f?.env ?? ''] || undefined);
    return v === undefined ? (f?.default ?? '') : String(v);
  };
  /** A value that does not pass the check, with the names of its flag and variable. */
  const checked = (flag: string, ok: (v: string) => boolean, rule: string): string => {
    const v = value(flag);
    if (!ok(v)) throw new UsageError(`--${flag} or ${flags[flag]?.env ?? ''} ${rule}, not ${JSON.stringify(v.slice(0, 60))}`);
    return v;
  };
  checkEngine(value);
  const booleans = ['', 'true', 'false', '1', '0'];
  return {
    token: loadToken(value('master-token'), value('master-token-file')),
    host: value('host'),
    port: Number(checked('port', (v) => /^\d{1,5}$/.test(v) && Number(v) <= 65535, 'must be a port from 1 to 65535, or 0 for a free one')),
    name: checked('name', (v) => /^[\w.-]{0,100}$/.test(v), 'must be at most 100 letters, digits, dots, hyphens and underscores'),
    suffix: checked('db-suffix', isIdentifier, 'must be an ASCII letter, then ASCII letters, digits and underscores'),
    dataDir: value('data-dir'),
    extension: checkExtension(value('sqlite-extension')),
    grace: duration(checked('shutdown-grace', (v) => !Number.isNaN(duration(v)), 'must be a duration: a number and a unit, such as 500ms, 15s or 5m')),
    logFormat: checked('log-format', (v) => logFormats.includes(v), 'must be text or json'),
    logLevel: checked('log-level', (v) => logLevels.includes(v), 'must be debug, info, warn or error'),
    exitWithParent: ['true', '1'].includes(checked('exit-with-parent', (v) => booleans.includes(v), 'must be true or false')),
  };
}

function parseFlags(args: string[]): Record<string, string | boolean | undefined> {
  const options = Object.fromEntries(Object.entries(flags).map(([name, f]) => [name, { type: f.boolean ? 'boolean' : 'string' } as const]));
  try {
    return parseArgs({ args, options: { ...options, help: { type: 'boolean', short: 'h' }, version: { type: 'boolean' } } }).values;
  } catch (err) {
    throw new UsageError((err as Error).message);
  }
}

function checkEngine(value: (flag: string) => string): void {
  const engine = value('engine');
  if (engine === 'sqlserver') {
    throw new UsageError('WORKER_ENGINE=sqlserver is not supported by this worker: only the worker in Go supports SQL Server so far');
  }
  if (engine !== 'sqlite') throw new UsageError(`--engine or WORKER_ENGINE must be sqlite, not ${JSON.stringify(engine.slice(0, 60))}`);
  if (value('dsn') || value('dsn-file')) {
    throw new UsageError('WORKER_DSN or WORKER_DSN_FILE is set, but the engine sqlite does not use one: unset it');
  }
}

function isIdentifier(name: string): boolean {
  try {
    return identifier('name', name) === name;
  } catch (err) {
    if (err instanceof Problem) return false;
    throw err;
  }
}

function checkExtension(file: string): string {
  if (fs.existsSync(file)) return path.resolve(file);
  throw new UsageError(
    `SQLite's extension ${file} does not exist: run make sqliteext, which needs a C compiler and SQLite's headers, or set WORKER_SQLITE_EXTENSION`,
  );
}

/** The cluster's token, given directly or in a file. No message contains it. */
function loadToken(value: string, file: string): string {
  if (value && file) throw new UsageError('both MASTER_TOKEN and MASTER_TOKEN_FILE are set: set only one');
  let token = value;
  if (file) {
    try {
      token = fs.readFileSync(file, 'utf8').replace(/[\r\n]+$/, '');
    } catch (err) {
      throw new UsageError(`MASTER_TOKEN_FILE: ${(err as Error).message}`);
    }
    if (!token) throw new UsageError('MASTER_TOKEN_FILE: the file is empty');
  }
  if (!token) {
    throw new UsageError(
      'no token is configured: set MASTER_TOKEN, or MASTER_TOKEN_FILE to a file that contains it, to the same secret for the masters and all workers (for example: openssl rand -hex 24)',
    );
  }
  if (token.length > 4096) throw new UsageError('MASTER_TOKEN is longer than 4096 bytes');
  if (!/^[!-~]+$/.test(token)) {
    throw new UsageError('MASTER_TOKEN has a character that an HTTP header cannot carry: use visible ASCII without spaces');
  }
  return token;
}

const units: Record<string, number> = { ns: 1e-6, us: 1e-3, 'µs': 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a duration such as 1m30s; NaN if it is not one. */
function duration(text: string): number {
  if (text === '0') return 0;
  if (!/^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/.test(text)) return NaN;
  let ms = 0;
  for (const [, n, unit] of text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)) ms += Number(n) * (units[unit ?? ''] ?? NaN);
  return ms;
}

function help(): string {
  const lines = Object.entries(flags).map(([name, f]) => {
    const extra = [f.default !== undefined && `default ${f.default}`, `$${f.env}`].filter(Boolean).join(', ');
    return `  --${name.padEnd(20)} ${f.help} (${extra})`;
  });
  return ['Usage: node worker/node/start.js [flags]', '', 'A Shardeck worker in Node.js: one shard, in SQLite.', '', ...lines].join('\n');
}
