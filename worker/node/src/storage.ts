// What is currently wrong with the storage of the databases (worker/engine/storage). Engines report
// failures and successes as they see them; nothing here does I/O itself.
import { Problem } from './problem.ts';

/**
 * The codes, the worst first, with their texts for people (shared/api/storage.go). The texts are
 * sent to anyone who asks, so they contain no paths and no data.
 */
const problems = {
  removed: 'a database file was removed or replaced',
  damaged: 'a database file is damaged',
  unreachable: 'the database server cannot be reached',
  full: 'the disk is full',
  read_only: 'a database file is read-only',
  write_failed: 'writes fail',
  read_failed: 'reads fail',
} as const;

export type StorageCode = keyof typeof problems;
const order = Object.keys(problems);

/** What everybody may know. */
export interface StorageProblem {
  problem: string;
  code: StorageCode;
  since: string;
}

export interface StorageFailure extends StorageProblem {
  /** Absent if it is the worker's own state. */
  db_name?: string;
  path?: string;
  detail: string;
}

/**
 * What a failure concerns: the place or the content of a file, until the next start, or the last
 * write or read, until one succeeds.
 */
export type Kind = 'place' | 'content' | 'write' | 'read';

export interface StorageLog {
  error(message: string, fields: Record<string, unknown>): void;
  info(message: string, fields: Record<string, unknown>): void;
}

export class Health {
  readonly log: StorageLog;
  /** Changes with the failures. */
  version = 0;
  readonly #stores = new Set<Store>();

  constructor(log: StorageLog) {
    this.log = log;
  }

  /** Adds the store of a database; an empty name is the worker's own state. */
  add(db: string): Store {
    const store = new Store(this, db);
    this.#stores.add(store);
    return store;
  }

  /** Removes the store of a database that was dropped. */
  remove(store: Store): void {
    this.#stores.delete(store);
    this.version++;
  }

  /** The current failures, the worst first; of equals, the oldest. */
  failures(): StorageFailure[] {
    return [...this.#stores].flatMap((s) => s.failures()).sort(
      (a, b) => order.indexOf(a.code) - order.indexOf(b.code) || Number(a.since > b.since) - Number(a.since < b.since),
    );
  }
}

/** What can fail on its own: a database, or the worker's state. */
export class Store {
  /** The problem of all requests, once nothing may be acknowledged. */
  refusal: Problem | undefined;
  readonly #health: Health;
  readonly #db: string;
  readonly #failures = new Map<Kind, StorageFailure>();

  constructor(health: Health, db: string) {
    this.#health = health;
    this.#db = db;
  }

  failures(): StorageFailure[] {
    return [...this.#failures.values()];
  }

  isFailing(kind: Kind): boolean {
    return this.#failures.has(kind);
  }

  /** Records a failure. One that follows another of its kind began when that did. */
  fail(kind: Kind, code: StorageCode, path: string, cause: unknown): void {
    const old = this.#failures.get(kind);
    if (old && (old.code === code || kind === 'place')) return;
    const detail = cause instanceof Error ? cause.message : String(cause);
    this.#failures.set(kind, {
      problem: problems[code], code, since: old?.since ?? new Date().toISOString(),
      ...(this.#db && { db_name: this.#db }), ...(path && { path }), detail,
    });
    this.#health.version++;
    this.#health.log.error('the storage has failed', { database: this.#db, code, path, error: detail });
  }

  /** Records a failure after which nothing may be acknowledged until the next start. */
  shut(kind: Kind, code: StorageCode, path: string, cause: unknown): void {
    this.refusal ??= storageFailed(code);
    this.fail(kind, code, path, cause);
  }

  /** Ends the failure of a kind, if there is one. */
  heal(kind: Kind): void {
    const old = this.#failures.get(kind);
    if (!old) return;
    this.#failures.delete(kind);
    this.#health.version++;
    this.#health.log.info('the storage has recovered', { database: this.#db, code: old.code });
  }
}

export const storageFailed = (code: StorageCode) =>
  new Problem('storage_failed', `the worker's storage has failed: ${problems[code]}`, {
    hint: 'stop the worker, restore its data directory (the complete directory, from where it was moved or from a backup), and start the worker again',
  });
