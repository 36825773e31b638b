// The command line and the environment: the same flags and variables as the other workers have.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { logFormats, logLevels } from './log.ts';
import { Problem } from './problem.ts';
import { identifier } from './requests.ts';
import { parseDSN } from './sqlserver/dsn.ts';
import type { SQLServerConfig } from './sqlserver/server.ts';

export interface Config {
  host: string;
  port: number;
  name: string;
  suffix: string;
  dataDir: string;
  /** Set if the engine is SQL Server. */
  sqlServer?: SQLServerConfig;
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
  engine: { env: 'WORKER_ENGINE', default: 'sqlite', help: 'The database engine: sqlite (embedded) or sqlserver (Microsoft SQL Server).' },
  'data-dir': { env: 'WORKER_DATA_DIR', help: "Directory of the embedded database's files; not used by sqlserver. By default ./data/ and the worker's name." },
  'sqlite-extension': { env: 'WORKER_SQLITE_EXTENSION', default: path.join(root, 'bin', library), help: 'The extension that make sqliteext builds.' },
  dsn: { env: 'WORKER_DSN', help: 'Connection string of the database server, such as sqlserver://user:password@host:1433?encrypt=true; not used by sqlite. A flag can be seen by other users: prefer the variable or a file.' },
  'dsn-file': { env: 'WORKER_DSN_FILE', help: 'File with the connection string.' },
  'master-token': { env: 'MASTER_TOKEN', help: "The cluster's token. A flag can be seen by other users: prefer the variable or a file." },
  'master-token-file': { env: 'MASTER_TOKEN_FILE', help: "File with the cluster's token." },
  'shutdown-grace': { env: 'WORKER_SHUTDOWN_GRACE', default: '5s', help: 'How long requests in flight may take to finish when the worker stops.' },
  'db-connections': { env: 'WORKER_DB_CONNECTIONS', default: '64', help: 'Maximum number of connections to each database; not used by sqlite.' },
  'db-connect-timeout': { env: 'WORKER_DB_CONNECT_TIMEOUT', default: '15s', help: 'Timeout for connecting to the database server; not used by sqlite.' },
  'db-write-timeout': { env: 'WORKER_DB_WRITE_TIMEOUT', default: '60s', help: 'How long a write may take at the database server once it has begun; the outcome of one that takes longer is unknown. Not used by sqlite.' },
  'db-collation': { env: 'WORKER_DB_COLLATION', help: "Collation of new databases, instead of the worker's default; not used by sqlite." },
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
  const booleans = ['', 'true', 'false', '1', '0'];
  return {
    token: loadToken(value('master-token'), value('master-token-file')),
    host: value('host'),
    port: Number(checked('port', (v) => /^\d{1,5}$/.test(v) && Number(v) <= 65535, 'must be a port from 1 to 65535, or 0 for a free one')),
    name: checked('name', (v) => /^[\w.-]{0,100}$/.test(v), 'must be at most 100 letters, digits, dots, hyphens and underscores'),
    suffix: checked('db-suffix', isIdentifier, 'must be an ASCII letter, then ASCII letters, digits and underscores'),
    dataDir: value('data-dir'),
    ...(usesSQLServer(value) && { sqlServer: sqlServerConfig(value, checked) }),
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

type Value = (flag: string) => string;
type Checked = (flag: string, ok: (v: string) => boolean, rule: string) => string;

function usesSQLServer(value: Value): boolean {
  const engine = value('engine');
  if (engine === 'sqlserver') return true;
  if (engine !== 'sqlite') throw new UsageError(`--engine or WORKER_ENGINE must be sqlite or sqlserver, not ${JSON.stringify(engine.slice(0, 60))}`);
  if (value('dsn') || value('dsn-file')) {
    throw new UsageError('WORKER_DSN or WORKER_DSN_FILE is set, but the engine sqlite does not use one: unset it, or choose the engine with WORKER_ENGINE=sqlserver');
  }
  return false;
}

function sqlServerConfig(value: Value, checked: Checked): SQLServerConfig {
  const timeout = (flag: string) => duration(checked(flag, (v) => duration(v) > 0, 'must be a duration greater than zero, such as 15s'));
  const connectTimeout = timeout('db-connect-timeout');
  const dsn = loadDSN(value('dsn'), value('dsn-file'));
  let server;
  try {
    server = parseDSN(dsn, connectTimeout);
  } catch (err) {
    throw new UsageError(`WORKER_DSN: ${(err as Error).message}`);
  }
  return {
    server, connectTimeout, writeTimeout: timeout('db-write-timeout'),
    connections: Number(checked('db-connections', (v) => /^\d{1,5}$/.test(v) && Number(v) >= 2, 'must be a number of at least 2: reads and writes each need one')),
    collation: checked('db-collation', (v) => /^\w{0,128}$/.test(v), "must be a collation's name"),
  };
}

/** The connection string, given directly or in a file. No message contains it. */
function loadDSN(value: string, file: string): string {
  if (value && file) throw new UsageError('both WORKER_DSN and WORKER_DSN_FILE are set: set only one');
  if (file) return readSecret('WORKER_DSN_FILE', file).trim();
  if (value) return value;
  throw new UsageError(
    'the engine sqlserver requires a connection string: set WORKER_DSN or WORKER_DSN_FILE to sqlserver://user:password@host:1433?encrypt=true (see docs/sql-server.md)',
  );
}

function readSecret(name: string, file: string): string {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8').replace(/[\r\n]+$/, '');
  } catch (err) {
    throw new UsageError(`${name}: ${(err as Error).message}`);
  }
  if (!text) throw new UsageError(`${name}: the file is empty`);
  return text;
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
    `SQLite's extension ${file} does not exist: run make sqliteext, which requires a C compiler, or set WORKER_SQLITE_EXTENSION`,
  );
}

/** The cluster's token, given directly or in a file. No message contains it. */
function loadToken(value: string, file: string): string {
  if (value && file) throw new UsageError('both MASTER_TOKEN and MASTER_TOKEN_FILE are set: set only one');
  const token = file ? readSecret('MASTER_TOKEN_FILE', file) : value;
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
  return ['Usage: node worker/node/start.js [flags]', '', 'A Shardeck worker in Node.js: one shard, in SQLite or on SQL Server.', '', ...lines].join('\n');
}
