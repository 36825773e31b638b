// A connection to a database of SQL Server, by tedious.
import { Connection, Request, TYPES, type ConnectionConfiguration } from 'tedious';
import type { Call, Loss, ServerError } from './functions.ts';

/** The severity from which on the server ends the connection. */
const fatal = 20;

/** A call without a complete response: the server's errors, or how the response was lost. */
export class NoResponse extends Error {
  readonly errors: ServerError[];
  readonly loss: Loss | undefined;

  constructor(errors: ServerError[], loss: Loss | undefined) {
    super(loss ?? errors.map((e) => `${e.number}: ${e.message}`).join('; '));
    this.errors = errors;
    this.loss = loss;
  }

  /** The server has refused the call; the connection is at the end of the response. */
  get intact(): boolean {
    return this.loss === undefined;
  }
}

/** A failure to connect. */
export class NoConnection extends Error {
  readonly errors: ServerError[];

  constructor(errors: ServerError[], cause: unknown) {
    super('the connection failed', { cause });
    this.errors = errors;
  }
}

/** Who receives the results of a call. */
export interface Sink {
  columns(names: string[]): void;
  row(values: unknown[]): void;
}

export class Session {
  readonly #conn: Connection;
  #errors: ServerError[] = [];
  #request: Request | undefined;
  #canceled: Loss | undefined;
  #broken = false;

  private constructor(config: ConnectionConfiguration) {
    this.#conn = new Connection(config);
    this.#conn.on('errorMessage', ({ number, class: severity, message }) => this.#errors.push({ number, severity, message }));
    this.#conn.on('error', () => (this.#broken = true)); // also reported to the request, if there is one
    this.#conn.on('end', () => (this.#broken = true));
  }

  /** Connects and logs in, which the configuration bounds. */
  static async open(config: ConnectionConfiguration, signal: AbortSignal): Promise<Session> {
    signal.throwIfAborted();
    const s = new Session(config);
    const stop = () => s.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        s.#conn.connect((err) => {
          if (err) reject(new NoConnection(s.#errors, err));
          else resolve();
        });
      });
    } catch (err) {
      s.close();
      signal.throwIfAborted();
      throw err;
    } finally {
      signal.removeEventListener('abort', stop);
    }
    return s;
  }

  /** At rest, and able to take another call. */
  get usable(): boolean {
    return !this.#broken && !this.#request && this.#canceled === undefined;
  }

  /** Sends a call, passes on its results and returns the number of rows affected. */
  async send(call: Call, sink: Sink): Promise<number> {
    this.#errors = [];
    let failed: unknown;
    const { promise, resolve } = Promise.withResolvers<{ err: Error | null | undefined; count: number }>();
    const request = callOf(call, (err, count = 0) => resolve({ err, count }));
    const guarded = (run: () => void) => {
      if (failed !== undefined) return;
      try {
        run();
      } catch (err) {
        failed = err; // an error must not pass through the driver
        this.cancel('canceled');
      }
    };
    request.on('columnMetadata', (columns) => guarded(() => sink.columns(Object.values(columns).map((c) => c.colName))));
    request.on('row', (columns: { value: unknown }[]) => guarded(() => sink.row(columns.map((c) => c.value))));
    this.#request = request;
    if (call.args.length === 0) this.#conn.execSqlBatch(request);
    else this.#conn.callProcedure(request);
    const { err, count } = await promise;
    this.#request = undefined;
    // After a cancellation there may be rows of the old response on the connection: with Babelfish there always are.
    if (this.#canceled !== undefined) this.close();
    if (failed !== undefined) throw failed as Error;
    if (this.#canceled === undefined && !err) return count;
    throw this.#noResponse(err);
  }

  #noResponse(err: Error | null | undefined): Error {
    const errors = this.#errors;
    if (this.#canceled !== undefined) return new NoResponse(errors, this.#canceled);
    const code = err && 'code' in err ? err.code : undefined;
    if (code === 'EINVALIDSTATE') this.#broken = true;
    if (code === 'EPARAM') return err ?? new Error(); // a fault of this program
    if (code === 'EINVALIDSTATE') return new NoResponse([], 'not_sent');
    if (errors.length > 0 && errors.every((e) => e.severity < fatal) && (code === 'EREQUEST' || err instanceof AggregateError)) return new NoResponse(errors, undefined);
    this.close();
    return new NoResponse(errors, 'broken');
  }

  /** Ends the call in progress, at the server too, within the configured time. The session cannot be used again. */
  cancel(loss: Loss): void {
    if (!this.#request || this.#canceled !== undefined) return;
    this.#canceled = loss;
    this.#conn.cancel();
  }

  /** Stops the rows until `resume`, and with them the server. */
  pause(): void {
    this.#request?.pause();
  }

  resume(): void {
    this.#request?.resume();
  }

  close(): void {
    this.#broken = true;
    this.#conn.close();
  }
}

/** A text without arguments is sent as a batch of its own: what creates a database must be. */
function callOf(call: Call, done: (err: Error | null | undefined, count?: number) => void): Request {
  if (call.args.length === 0) return new Request(call.text, done);
  const request = new Request('sp_executesql', done);
  request.addParameter('stmt', TYPES.NVarChar, call.text);
  request.addParameter('params', TYPES.NVarChar, call.declare);
  for (const { name, type, value } of call.args) {
    if (type === 'varbinary') {
      // Without a length, tedious declares an empty value as VARBINARY(0), which the server refuses.
      request.addParameter(name, TYPES.VarBinary, value === null ? null : Buffer.from(String(value).slice(2), 'hex'), { length: Infinity });
    } else {
      request.addParameter(name, type === 'float' ? TYPES.Float : TYPES.NVarChar, value);
    }
  }
  return request;
}
