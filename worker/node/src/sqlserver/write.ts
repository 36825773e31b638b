// A write: one call, or a transaction of several. Once sent it is waited for even if its client is
// gone, since only then is its outcome known.
import { canceled, closed, notBegun } from '../problem.ts';
import type { ExecResponse } from '../messages.ts';
import type { ExecRequest, Fence } from '../requests.ts';
import type { Database } from './database.ts';
import { Failure, type Call, type Plan } from './functions.ts';
import { pause, type Gate } from './gate.ts';
import type { Server } from './server.ts';
import { NoResponse, type Session } from './session.ts';

const execTimeout = 10_000; // for a write to begin, if the request sets no bound
const maxExecTimeout = 60 * 60 * 1000;
export const responseTTL = 24 * 60 * 60 * 1000;
const firstPause = 2;
const maxPause = 1000;
const outcomeColumns = 12;

/** What a write needs of the engine. */
export interface WriteHost {
  readonly server: Server;
  /** Entered by each write while it runs. */
  readonly gate: Gate;
  readonly closed: boolean;
  find(name: string, signal: AbortSignal): Promise<Database>;
  /** The error of a request, or that its database was dropped meanwhile. */
  lookUp(db: Database, err: unknown): Promise<unknown>;
  raise(fence: Fence): Promise<void>;
  /** The running time in milliseconds. */
  ran(): number;
  /** Called before a keyed write. */
  prepareKeys(db: Database): Promise<void>;
}

export class SQLServerWrite {
  readonly #host: WriteHost;
  readonly #request: ExecRequest;
  readonly #body: string;
  /** Aborts while the write has not begun. */
  readonly #begin = new AbortController();
  readonly #timeout = new AbortController();
  #begun = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(host: WriteHost, request: ExecRequest, body: string) {
    this.#host = host;
    this.#request = request;
    this.#body = body;
  }

  cancel(reason = canceled()): void {
    if (!this.#begun) this.#begin.abort(reason);
  }

  /** Runs the write on its database until it is done or refused. */
  async run(): Promise<ExecResponse> {
    const wait = Math.min(this.#request.timeout || execTimeout, maxExecTimeout);
    this.#timer = setTimeout(() => this.cancel(notBegun()), wait);
    try {
      const db = await this.#host.find(this.#request.db, this.#begin.signal);
      try {
        if (this.#request.idempotency) await this.#host.prepareKeys(db);
        return await this.#retried(db);
      } catch (err) {
        throw await this.#host.lookUp(db, err);
      }
    } finally {
      clearTimeout(this.#timer);
    }
  }

  async #retried(db: Database): Promise<ExecResponse> {
    let wait = firstPause;
    for (let tries = 1; ; tries++) {
      try {
        return await this.#try(db);
      } catch (err) {
        if (!(err instanceof Failure)) throw err;
        if (err.raise) await this.#host.raise(this.#request.fence);
        if (tries >= err.tries) throw err;
        try {
          await pause(wait / 2 + Math.random() * wait, this.#timeout.signal);
        } catch {
          throw err;
        }
        wait = Math.min(2 * wait, maxPause);
      }
    }
  }

  async #try(db: Database): Promise<ExecResponse> {
    const { server, gate } = this.#host;
    const context = JSON.stringify({ suffix: server.suffix, now_ms: Date.now(), ran_ms: this.#host.ran(), ttl_ms: responseTTL });
    const plan = server.functions.write(this.#body, context);
    const signal = this.#begun ? this.#timeout.signal : this.#begin.signal;
    const outcome = await db.during(() => undefined, () => db.pool.run(signal, (session) => gate.shared(async () => {
      if (this.#host.closed) throw closed();
      db.check();
      signal.throwIfAborted();
      this.#started();
      const cancel = () => session.cancel('timeout');
      this.#timeout.signal.addEventListener('abort', cancel);
      try {
        return await this.#send(session, plan, context);
      } finally {
        this.#timeout.signal.removeEventListener('abort', cancel);
      }
    })));
    return server.functions.answer(this.#body, outcome);
  }

  /** From its first try on, the write has a limited time for all tries. */
  #started(): void {
    if (this.#begun) return;
    this.#begun = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#timeout.abort(notBegun()), this.#host.server.config.writeTimeout);
  }

  async #send(session: Session, { transaction, calls }: Plan, context: string): Promise<unknown[]> {
    const { server } = this.#host;
    const [whole] = calls;
    if (!transaction && whole) return this.#call(session, whole);
    let sent = false; // the commit
    try {
      await server.runOn(session, 'begin');
      const outcome = await this.#parts(session, calls, context);
      if (outcome[0] === 'done') {
        sent = true;
        await server.runOn(session, 'commit');
      } else {
        await server.runOn(session, 'rollback').catch(() => session.close());
      }
      return outcome;
    } catch (err) {
      if (sent) {
        session.close();
        throw server.functions.error({ phase: 'write', errors: [], loss: 'broken' }, this.#body);
      }
      // The server rolls back when the connection is closed.
      await server.runOn(session, 'rollback').catch(() => session.close());
      throw err;
    }
  }

  async #parts(session: Session, calls: Call[], context: string): Promise<unknown[]> {
    const outcomes: unknown[][] = [];
    for (const call of calls) {
      const outcome = await this.#call(session, call, true);
      if (outcome[0] !== 'done') return outcome;
      outcomes.push(outcome);
    }
    return this.#call(session, this.#host.server.functions.finish(this.#body, context, outcomes), true);
  }

  /** Sends a call and returns its outcome; whatever follows that in the response does not matter. */
  async #call(session: Session, call: Call, part = false): Promise<unknown[]> {
    let found: unknown[] | undefined;
    let here = false;
    const sink = {
      columns: (names: string[]) => (here = names.length === outcomeColumns && names[0] === '_sd_kind'),
      row: (row: unknown[]) => {
        if (here) found ??= row;
      },
    };
    const { server } = this.#host;
    try {
      await session.send(call, sink);
    } catch (err) {
      if (found) return found;
      // A transaction that was not committed did nothing, however its connection was lost.
      const lost = part && err instanceof NoResponse && err.loss === 'broken' ? new NoResponse([], 'not_sent') : err;
      throw server.failure(lost, part ? 'idle' : 'write', this.#body);
    }
    if (found) return found;
    session.close();
    throw server.functions.error({ phase: part ? 'idle' : 'write', errors: [], loss: 'broken' }, this.#body);
  }
}
