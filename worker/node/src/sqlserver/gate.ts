// Locks for asynchronous work, first come, first served.
import { Problem } from '../problem.ts';

const maxWaiting = 4096;

/** Entered by many at once or by one exclusively; whoever wants it exclusively is not overtaken. */
export class Gate {
  #shared = 0;
  #exclusive = false;
  readonly #waiting: { exclusive: boolean; enter: () => void }[] = [];

  shared<T>(run: () => Promise<T>): Promise<T> {
    return this.#run(false, run);
  }

  exclusive<T>(run: () => Promise<T>): Promise<T> {
    return this.#run(true, run);
  }

  async #run<T>(exclusive: boolean, run: () => Promise<T>): Promise<T> {
    await new Promise<void>((enter) => {
      this.#waiting.push({ exclusive, enter });
      this.#admit();
    });
    try {
      return await run();
    } finally {
      if (exclusive) this.#exclusive = false;
      else this.#shared--;
      this.#admit();
    }
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next && !this.#exclusive && !(next.exclusive && this.#shared > 0); next = this.#waiting[0]) {
      this.#waiting.shift();
      if (next.exclusive) this.#exclusive = true;
      else this.#shared++;
      next.enter();
    }
  }
}

/** A number of permits. */
export class Semaphore {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(permits: number) {
    this.#free = permits;
  }

  /** Waits for a permit, unless too many wait already; rejects with the signal's reason if that aborts first. */
  async acquire(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    if (this.#waiting.size >= maxWaiting) {
      throw new Problem('overloaded', 'too many requests are waiting; nothing was done', { hint: 'send it again later' });
    }
    await new Promise<void>((resolve, reject) => {
      const take = () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = () => {
        this.#waiting.delete(take);
        reject(signal.reason as Error);
      };
      this.#waiting.add(take);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  release(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}

/** Waits; rejects with the signal's reason if that aborts first. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const giveUp = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', giveUp);
      resolve();
    }, ms);
    signal.addEventListener('abort', giveUp, { once: true });
  });
}
