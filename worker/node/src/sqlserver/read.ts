// A query: its rows are read as the client takes them.
import { failure, type Piece } from '../messages.ts';
import { Problem, canceled, problemOf, type ProblemData } from '../problem.ts';
import { Query, type QueryHost } from '../query.ts';
import type { QueryRequest } from '../requests.ts';
import type { Database } from './database.ts';
import { Failure, type QueryPlan } from './functions.ts';
import type { Server } from './server.ts';
import type { Session } from './session.ts';

const pieceSize = 64 << 10;
const pieceDelay = 20; // milliseconds that a row waits for others

/** What a query needs of the engine. */
export interface ReadHost {
  readonly server: Server;
  find(name: string, signal: AbortSignal): Promise<Database>;
  lookUp(db: Database, err: unknown): Promise<unknown>;
}

type Kind = 'rows' | 'refusal' | 'error';

export class Reading implements QueryHost {
  readonly query: Query;
  readonly #host: ReadHost;
  readonly #request: QueryRequest;
  readonly #body: string;
  readonly #abort = new AbortController();
  #session: Session | undefined;
  #kind: Kind = 'rows';
  #results = 0;
  #special: unknown[] = []; // the row of a refusal or an error
  #data = '';
  #rows = 0;
  /** The client takes another piece. */
  #wanted = true;
  #due = false;
  #timer: NodeJS.Timeout | undefined;
  #started = false;

  constructor(host: ReadHost, request: QueryRequest, body: string) {
    this.#host = host;
    this.#request = request;
    this.#body = body;
    this.query = new Query(this, '', request);
  }

  async run(): Promise<void> {
    const { signal } = this.#abort;
    try {
      const db = await this.#host.find(this.#request.db, signal);
      try {
        await db.during((reason) => this.query.cancel(() => reason), () => this.#retried(db));
      } catch (err) {
        throw await this.#host.lookUp(db, err);
      }
    } catch (err) {
      const { problem, logged } = failure(signal.aborted ? canceled() : err, problemOf);
      if (logged) this.#host.server.logger.error('a query failed', { error: logged });
      this.#deliver(true, problem);
      return;
    }
    this.#deliver(true);
  }

  more(): void {
    this.#wanted = true;
    if (this.#due || this.#data.length >= pieceSize) this.#deliver(false);
    this.#session?.resume();
  }

  cancel(): void {
    this.#abort.abort(canceled());
  }

  async #retried(db: Database): Promise<void> {
    const { signal } = this.#abort;
    const plan = this.#host.server.functions.query(this.#body);
    const toLine = this.#host.server.functions.lines(plan.types);
    await db.pool.readers.acquire(signal);
    try {
      for (let tries = 1; ; tries++) {
        try {
          await db.pool.run(signal, (session) => this.#once(session, plan, toLine));
          return;
        } catch (err) {
          if (!(err instanceof Failure) || signal.aborted) throw err;
          if (!this.#started && tries < err.tries) {
            this.#clear();
            continue;
          }
          if (err.stale) await this.#checkVersions(db);
          throw err;
        }
      }
    } finally {
      db.pool.readers.release();
    }
  }

  /** Sends the query and reads its results to the end. */
  async #once(session: Session, { call, types }: QueryPlan, toLine: (row: unknown[]) => string): Promise<void> {
    const { signal } = this.#abort;
    const { functions } = this.#host.server;
    const stop = () => session.cancel('canceled');
    signal.addEventListener('abort', stop);
    this.#session = session;
    this.#results = 0;
    this.#kind = 'rows';
    try {
      signal.throwIfAborted();
      await session.send(call, {
        columns: (names) => this.#columns(names, types.length),
        row: (row) => {
          if (this.#kind === 'rows') this.#add(toLine(row));
          else this.#special = row;
        },
      });
    } catch (err) {
      throw this.#host.server.failure(err, 'read');
    } finally {
      this.#session = undefined;
      signal.removeEventListener('abort', stop);
    }
    const kind = this.#kind as Kind; // as the last result has set it
    const [first, message] = this.#special;
    if (kind === 'refusal') throw functions.refused(this.#body, this.#special);
    if (kind === 'error') throw functions.error({ phase: 'read', errors: [{ number: Number(first), severity: 16, message: String(message) }] });
  }

  #columns(names: string[], types: number): void {
    const [first] = names;
    if (first === '_sd_refused' || first === '_sd_error') {
      this.#kind = first === '_sd_error' ? 'error' : 'refusal';
      return;
    }
    if (this.#results++ > 0) throw new Problem('syntax_error', 'the statement has more than one result', { field: 'sql' });
    if (names.length !== types) {
      throw new Problem('invalid_field', `the statement has ${names.length} columns, the request ${types} types`, { field: 'result_types' });
    }
  }

  #add(line: string): void {
    this.#data += `${line}\n`;
    this.#rows++;
    if (this.#data.length >= pieceSize) {
      if (this.#wanted) this.#deliver(false);
      else this.#session?.pause();
      return;
    }
    this.#timer ??= setTimeout(() => {
      this.#due = true;
      if (this.#wanted) this.#deliver(false);
    }, pieceDelay);
  }

  #deliver(end: boolean, problem?: ProblemData): void {
    const piece: Piece = { kind: 'piece', id: 0, data: this.#data, rows: this.#rows, end, ...(problem && { problem }) };
    this.#clear();
    this.#started = true;
    this.#wanted = false;
    this.query.deliver(piece);
  }

  #clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due = false;
    [this.#data, this.#rows] = ['', 0];
  }

  /** Throws if a table of the query has another version: then that is the cause of its failure. */
  async #checkVersions(db: Database): Promise<void> {
    const { server } = this.#host;
    for (const name of Object.keys(this.#request.schemas)) {
      let version: unknown;
      try {
        version = (await server.run(db.pool, this.#abort.signal, 'table_version', { name })).rows[0]?.[0];
      } catch {
        return; // the query's own error is reported
      }
      server.functions.checkVersion(this.#body, name, typeof version === 'string' ? version : '');
    }
  }
}
