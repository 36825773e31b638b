// The connections to one database: opened on demand, bounded, kept for a while.
import { Semaphore } from './gate.ts';
import type { Session } from './session.ts';

const keepIdle = 5 * 60_000; // to open a connection costs more than most statements
/**
 * One in this many is left to writes: a query with a slow client keeps its connection, and any
 * number of those must not hold up writes.
 */
const writerReserve = 4;

export class Pool {
  /** One permit for each query. */
  readonly readers: Semaphore;
  readonly #open: (signal: AbortSignal) => Promise<Session>;
  readonly #permits: Semaphore;
  readonly #idle: { session: Session; timer: NodeJS.Timeout }[] = [];
  readonly #used = new Set<Session>();
  #closed = false;

  constructor(open: (signal: AbortSignal) => Promise<Session>, size: number) {
    this.#open = open;
    this.#permits = new Semaphore(size);
    this.readers = new Semaphore(Math.max(1, size - Math.max(1, Math.floor(size / writerReserve))));
  }

  /** Runs with a session, which is kept if it is usable afterwards. */
  async run<T>(signal: AbortSignal, work: (s: Session) => Promise<T>): Promise<T> {
    await this.#permits.acquire(signal);
    try {
      const session = this.#takeIdle() ?? (await this.#open(signal));
      this.#used.add(session);
      try {
        return await work(session);
      } finally {
        this.#used.delete(session);
        this.#keep(session);
      }
    } finally {
      this.#permits.release();
    }
  }

  /** Cuts every connection in use, which ends what runs on it, at the server too. */
  sever(): void {
    for (const s of this.#used) s.close();
  }

  close(): void {
    this.#closed = true;
    for (const { session, timer } of this.#idle.splice(0)) {
      clearTimeout(timer);
      session.close();
    }
  }

  #takeIdle(): Session | undefined {
    for (let last = this.#idle.pop(); last; last = this.#idle.pop()) {
      clearTimeout(last.timer);
      if (last.session.usable) return last.session;
      last.session.close();
    }
    return undefined;
  }

  #keep(session: Session): void {
    if (this.#closed || !session.usable) {
      session.close();
      return;
    }
    const entry = {
      session,
      timer: setTimeout(() => {
        this.#idle.splice(this.#idle.indexOf(entry), 1);
        session.close();
      }, keepIdle).unref(),
    };
    this.#idle.push(entry);
  }
}
