// A database of a client: its connections, and the work in progress on it.
import type { Problem } from '../problem.ts';
import type { Pool } from './pool.ts';

export class Database {
  readonly name: string;
  readonly physical: string;
  readonly pool: Pool;
  /** The running time at which expired idempotency records are deleted next. */
  nextPrune = 0;
  /** Whether its idempotency records have a running time; see prepareKeys of the engine. */
  keys: Promise<void> | undefined;
  #ended: Problem | undefined;
  readonly #work = new Set<(reason: Problem) => void>();
  #idle: (() => void) | undefined;

  constructor(name: string, physical: string, pool: Pool) {
    this.name = name;
    this.physical = physical;
    this.pool = pool;
  }

  /** Runs work, whose cancel is called if the database is dropped or closed meanwhile. */
  async during<T>(cancel: (reason: Problem) => void, work: () => Promise<T>): Promise<T> {
    this.check();
    this.#work.add(cancel);
    try {
      return await work();
    } finally {
      this.#work.delete(cancel);
      if (this.#work.size === 0) this.#idle?.();
    }
  }

  /** Throws once the database is dropped or closed. */
  check(): void {
    if (this.#ended) throw this.#ended;
  }

  /** Ends the work on the database and its connections; work that does not end in time is cut off. */
  async close(wait: number, reason: Problem): Promise<void> {
    this.#ended ??= reason;
    for (const cancel of this.#work) cancel(this.#ended);
    if (this.#work.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, wait);
        this.#idle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.pool.sever();
    }
    this.pool.close();
  }
}
