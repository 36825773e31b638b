// The worker's state, a row of its own database. Another process may change it at any time, so it
// is read from there each time.
import { closed } from '../problem.ts';
import type { Fence, WorkerState } from '../requests.ts';
import { checkFence, raised, updated } from '../state.ts';
import type { Gate } from './gate.ts';
import type { Pool } from './pool.ts';
import type { Result, Server } from './server.ts';

const forever = new AbortController().signal;

export class StateStore {
  /** As last seen. */
  shard = '';
  closed = false;
  readonly #server: Server;
  readonly #own: Pool;
  /** Keeps changes of the state from this process's own writes; other processes are kept out by locks in the server. */
  readonly #gate: Gate;

  constructor(server: Server, own: Pool, gate: Gate) {
    this.#server = server;
    this.#own = own;
    this.#gate = gate;
  }

  async read(): Promise<WorkerState> {
    if (this.closed) throw closed();
    return this.#seen(await this.#server.run(this.#own, forever, 'state'));
  }

  update(up: WorkerState): Promise<WorkerState> {
    return this.#change((state) => updated(state, up));
  }

  async raise(fence: Fence): Promise<void> {
    await this.#change((state) => raised(state, fence));
  }

  /** Runs work that cannot be part of a transaction while the fence it was requested under cannot change. */
  async under<T>(fence: Fence, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.raise(fence);
    return this.#gate.shared(() => this.#own.run(signal, async (session) => {
      if (this.closed) throw closed();
      await this.#server.runOn(session, 'begin');
      try {
        checkFence(this.#seen(await this.#server.runOn(session, 'held_state')), fence);
        return await work();
      } finally {
        await this.#server.runOn(session, 'rollback').catch(() => session.close());
      }
    }));
  }

  /** Replaces the state; if another process has changed it meanwhile, again. */
  #change(next: (s: WorkerState) => WorkerState): Promise<WorkerState> {
    return this.#gate.exclusive(async () => {
      for (;;) {
        const current = await this.read();
        const wanted = next(current);
        if (wanted === current) return current;
        const { affected } = await this.#server.run(this.#own, forever, 'store_state', { current, next: wanted }, 'write');
        if (affected === 0) continue;
        this.shard = wanted.shard;
        return wanted;
      }
    });
  }

  #seen({ rows: [row] }: Result): WorkerState {
    if (!row) throw new Error("the worker's state is missing in its database");
    const [term, map, leader, shard] = row.map(String);
    this.shard = shard ?? '';
    return { term: unsigned(term), map_version: unsigned(map), leader: leader ?? '', shard: this.shard };
  }
}

/** The server's integers have a sign. */
const unsigned = (text = '0') => BigInt.asUintN(64, BigInt(text));
