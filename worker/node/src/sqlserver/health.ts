// What the server says of itself and of the databases, asked once a second, and the running time:
// how long workers have used the server, by their monotonic clocks.
import { clocks } from '../clock.ts';
import { Health, type StorageFailure, type Store } from '../storage.ts';
import type { Databases } from './databases.ts';
import { Failure } from './functions.ts';
import type { Pool } from './pool.ts';
import type { Server } from './server.ts';

const lookEvery = 1000;
const lookTimeout = 5000; // for everything
const saveEvery = 60_000;

export class ServerHealth {
  readonly #server: Server;
  readonly #own: Pool;
  readonly #databases: Databases;
  readonly #health: Health;
  readonly #store: Store; // of the server
  readonly #stores = new Map<string, Store>(); // by physical name
  readonly #opened = clocks.running();
  readonly #before: number;
  #saved: number;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(server: Server, own: Pool, databases: Databases, before: number) {
    this.#server = server;
    this.#own = own;
    this.#databases = databases;
    this.#health = new Health(server.logger);
    this.#store = this.#health.add('');
    this.#before = this.#saved = before;
    this.#next();
  }

  static async start(server: Server, own: Pool, databases: Databases): Promise<ServerHealth> {
    const { rows } = await server.run(own, new AbortController().signal, 'running_time');
    return new ServerHealth(server, own, databases, Number(rows[0]?.[0] ?? 0));
  }

  get failures(): StorageFailure[] {
    return this.#health.failures();
  }

  /** The running time in milliseconds. */
  ran(): number {
    return this.#before + clocks.running() - this.#opened;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #next(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#look().then(() => this.#store.heal('read'), (err: unknown) => {
        if (!this.#closed) this.#store.fail('read', 'unreachable', '', err);
      }).finally(() => this.#next());
    }, lookEvery);
  }

  /** Rejects with an error of the server. */
  async #look(): Promise<void> {
    const signal = AbortSignal.timeout(lookTimeout);
    const ran = this.ran();
    if (ran >= this.#saved + saveEvery) {
      await this.#run(signal, 'save_running_time', { ran_ms: ran });
      this.#saved = ran;
    }
    const rows = await this.#run(signal, 'records');
    const ready = rows.map((row) => row.map(String)).filter(([, , state]) => state === 'ready');
    for (const [name = '', physical = ''] of ready) await this.#probe(signal, name, physical);
    for (const [physical, store] of this.#stores) {
      if (ready.some((record) => record[1] === physical)) continue;
      this.#health.remove(store);
      this.#stores.delete(physical);
    }
  }

  async #probe(signal: AbortSignal, name: string, physical: string): Promise<void> {
    try {
      await this.#run(signal, 'probe', { physical });
      this.#stores.get(physical)?.heal('read');
    } catch (err) {
      if (!(err instanceof Failure) || err.number === 0) throw err; // of the connection
      if (!(await this.#databases.list()).some((r) => r.physical === physical)) return; // dropped meanwhile
      const store = this.#stores.get(physical) ?? this.#health.add(name);
      this.#stores.set(physical, store);
      store.fail('read', 'read_failed', '', err);
    }
  }

  /** The signal also ends a statement that is running. */
  #run(signal: AbortSignal, name: string, subject: object = {}): Promise<unknown[][]> {
    return this.#own.run(signal, async (session) => {
      const cancel = () => session.cancel('timeout');
      signal.addEventListener('abort', cancel);
      try {
        return (await this.#server.runOn(session, name, subject)).rows;
      } finally {
        signal.removeEventListener('abort', cancel);
      }
    });
  }
}
