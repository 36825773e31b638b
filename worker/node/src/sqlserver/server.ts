// What all parts of the engine share: how to reach the server, and the worker's own statements.
import type { Logger } from '../log.ts';
import { Problem } from '../problem.ts';
import type { Server as Address } from './dsn.ts';
import { Functions, type Phase } from './functions.ts';
import { Pool } from './pool.ts';
import { NoConnection, NoResponse, Session } from './session.ts';

/** The settings of the engine. */
export interface SQLServerConfig {
  server: Address;
  connections: number;
  connectTimeout: number;
  writeTimeout: number;
  collation: string;
}

const statementTimeout = 60_000;
/** The statements that may take longer: for minutes, on some servers. */
const unbounded = new Set(['create_own', 'create_database', 'snapshot', 'compatibility', 'drop_database', 'drop_database_now']);
/** The number of an error that a database cannot be opened; Babelfish has another. */
const cannotOpen = 4060;

export class Server {
  readonly config: SQLServerConfig;
  readonly functions: Functions;
  readonly logger: Logger;
  readonly suffix: string;

  constructor(config: SQLServerConfig, extension: string, suffix: string, logger: Logger) {
    this.config = config;
    this.functions = new Functions(extension);
    this.suffix = suffix;
    this.logger = logger;
  }

  /** The connections to a database; without a name, to the one of the connection string. */
  pool(database = '', least = 2): Pool {
    return new Pool((signal) => this.#connect(database, signal), Math.max(least, this.config.connections));
  }

  /** Runs one of the worker's own statements. */
  async run(on: Pool, signal: AbortSignal, name: string, subject: object = {}, phase: Phase = 'idle'): Promise<Result> {
    return on.run(signal, (s) => this.runOn(s, name, subject, phase));
  }

  async runOn(s: Session, name: string, subject: object = {}, phase: Phase = 'idle'): Promise<Result> {
    const rows: unknown[][] = [];
    const timer = unbounded.has(name) ? undefined : setTimeout(() => s.cancel('timeout'), statementTimeout);
    try {
      const affected = await s.send(this.functions.statement(name, subject), { columns: () => undefined, row: (row) => rows.push(row) });
      return { rows, affected };
    } catch (err) {
      throw this.failure(err, phase);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The problem of a call without a complete response. */
  failure(err: unknown, phase: Phase, body: string | null = null): unknown {
    if (!(err instanceof NoResponse)) return err;
    return this.functions.error({ phase, errors: err.errors, ...(err.loss && { loss: err.loss }) }, body);
  }

  async #connect(database: string, signal: AbortSignal): Promise<Session> {
    const { config } = this.config.server;
    try {
      return await Session.open({ ...config, options: { ...config.options, ...(database && { database }) } }, signal);
    } catch (err) {
      throw err instanceof NoConnection ? this.#connectProblem(err) : err;
    }
  }

  /** Names the server and the cause, and nothing else of the connection string. */
  #connectProblem({ errors, cause }: NoConnection): Problem {
    const at = this.config.server.address;
    if (errors.length > 0) {
      const silent = errors.map((e) => ({ ...e, message: '' }));
      const told = this.functions.error({ phase: 'idle', errors: silent });
      const refused = this.functions.error({ phase: 'idle', errors: [{ number: cannotOpen, severity: 11, message: '' }] });
      const unknown = told.code === 'syntax_error'; // a number without a code of its own
      const shown = told.code === 'unknown_database' || unknown ? refused : told;
      const detail = unknown ? `SQL Server refused the worker's connection with error ${told.number}` : shown.data.detail;
      return told.reworded({ ...shown.data, detail: `${detail} (at ${at})`, sql_number: told.number });
    }
    const codes = [...errorCodes(cause)];
    const has = (...names: string[]) => codes.some((c) => names.includes(c));
    const check = 'check that it is running and listens on TCP, and that host and port are right';
    if (has('ETIMEOUT', 'ETIMEDOUT')) return unreachable(`SQL Server at ${at} did not answer within ${this.config.connectTimeout}ms`, check);
    if (has('ENOTFOUND', 'EAI_AGAIN')) return unreachable(`the host of SQL Server at ${at} is unknown`, 'check the host in WORKER_DSN');
    if (has('ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH')) return unreachable(`SQL Server at ${at} cannot be reached: ${codes.at(-1) ?? ''}`, check);
    if (has('EENCRYPT')) return unreachable(`SQL Server at ${at} does not support encryption`, 'configure TLS on the server; encrypt=disable in WORKER_DSN is for a server on the same machine');
    return unreachable(
      `login to SQL Server at ${at} failed: ${codes.at(-1) ?? 'the connection was closed'}`,
      'check that it is SQL Server, and encrypt and the certificate options in WORKER_DSN; see docs/sql-server.md',
    );
  }
}

export interface Result {
  rows: unknown[][];
  affected: number;
}

function unreachable(detail: string, hint: string): Problem {
  return new Problem('shard_unavailable', detail, { hint });
}

/** The codes of an error and its causes; their messages may repeat the connection string. */
function* errorCodes(err: unknown): Generator<string> {
  if (!(err instanceof Error)) return;
  if ('code' in err && typeof err.code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(err.code)) yield err.code;
  yield* errorCodes(err.cause);
  if (err instanceof AggregateError) for (const e of err.errors) yield* errorCodes(e);
}
