// What waits for the writer, and how it is grouped.
import { Linger } from './linger.ts';
import type { Pending } from './group.ts';
import type { ExecMessage, ToWriter } from './messages.ts';

/** Anything but a write of rows. */
export type Operation = Exclude<ToWriter, ExecMessage | { kind: 'decoder' | 'unreadable' }>;

// Bounds of a group, so that a commit is never far away.
const groupRequests = 512;
const groupExecutions = 8192;

export class WriteQueue {
  #queue: (Pending | Operation)[] = [];
  readonly #serve: (next: Pending[] | Operation) => void;
  readonly #linger = new Linger();
  #waiting: NodeJS.Timeout | undefined;
  #scheduled = false;

  /** `serve` is called with a group of writes of one database, or with an operation. */
  constructor(serve: (next: Pending[] | Operation) => void) {
    this.#serve = serve;
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  push(item: Pending | Operation): void {
    this.#queue.push(item);
    if (this.#waiting && this.#queue.length < this.#linger.target()) return;
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
    this.#schedule();
  }

  // More may arrive between two calls of #next.
  #schedule(): void {
    if (this.#scheduled || this.isEmpty) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#next();
    });
  }

  #next(): void {
    const first = this.#queue[0];
    if (!first) return;
    if ('kind' in first) {
      this.#queue.shift();
      this.#serve(first);
    } else {
      const batch = this.#collect(first);
      if (batch.length === 0) return; // it waits for more
      this.#serve(batch);
    }
    this.#schedule();
  }

  /**
   * Takes the group that begins with the first write: writes of the same database, up to one that
   * changes the schema, which is a group of its own. None if it is worth waiting for more.
   */
  #collect(first: Pending): Pending[] {
    const batch: Pending[] = [];
    const rest: (Pending | Operation)[] = [];
    let executions = 0;
    let open = true;
    for (const p of this.#queue) {
      const same = !('kind' in p) && p.message.physical === first.message.physical;
      if ('kind' in p || (same && batch.length > 0 && (p.ddl || first.ddl))) open = false;
      if (open && same && batch.length < groupRequests && (batch.length === 0 || executions + p.executions <= groupExecutions)) {
        batch.push(p);
        executions += p.executions;
        continue;
      }
      if (same) open = false; // the writes of a database keep their order
      rest.push(p);
    }
    const target = this.#linger.target();
    if (batch.length < target && rest.length === 0 && !first.ddl && !this.#linger.waited) {
      this.#linger.waited = true;
      this.#waiting = setTimeout(() => {
        this.#waiting = undefined;
        this.#schedule();
      }, this.#linger.milliseconds);
      return [];
    }
    this.#linger.saw(batch.length, target);
    this.#queue = rest;
    return batch;
  }
}
