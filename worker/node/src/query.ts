// A query as the main thread has it.
import type { Piece } from './messages.ts';
import { Problem } from './problem.ts';
import type { QueryRequest } from './requests.ts';

/** What a query needs of the pool that runs it. */
export interface QueryHost {
  more(q: Query): void;
  cancel(q: Query): void;
}

export class Query {
  readonly physical: string;
  readonly request: QueryRequest;
  /** Where it waits or runs: managed by the pool. */
  id = 0;
  slot = -1;
  streaming = false;
  ended = false;
  reason: Problem | undefined;
  readonly #host: QueryHost;
  readonly #pieces: Piece[] = [];
  readonly #timer: NodeJS.Timeout | undefined;
  #waiting: ((p: Piece) => void) | undefined;
  #taken = 0;

  constructor(host: QueryHost, physical: string, request: QueryRequest) {
    this.#host = host;
    this.physical = physical;
    this.request = request;
    if (request.timeout > 0) {
      this.#timer = setTimeout(() => {
        this.cancel(() => new Problem('shard_timeout', 'the query took longer than its timeout_ms', { hint: 'allow more time, or request less' }));
      }, request.timeout);
    }
  }

  /** The next piece; the last one has `end`. To ask for it lets the reader produce another. */
  next(): Promise<Piece> {
    if (this.#taken++ > 0 && !this.ended) this.#host.more(this);
    const piece = this.#pieces.shift();
    return piece ? Promise.resolve(piece) : new Promise((resolve) => (this.#waiting = resolve));
  }

  /** Ends the query with the problem, unless it has ended. */
  cancel(reason: () => Problem): void {
    if (this.ended || this.reason) return;
    this.reason = reason();
    this.#host.cancel(this);
  }

  /** Called by the pool with each piece. */
  deliver(piece: Piece): void {
    if (this.ended) return;
    if (piece.end) {
      this.ended = true;
      clearTimeout(this.#timer);
      // A cancelled query may still reach its end, or fail on its own.
      if (this.reason && piece.problem && ['canceled', 'shard_unavailable'].includes(piece.problem.code)) piece = { ...piece, problem: this.reason.data };
    }
    this.#pieces.push(piece);
    if (!this.#waiting) return;
    this.#waiting(this.#pieces.shift() ?? piece);
    this.#waiting = undefined;
  }

  /** Ends it without having run. */
  refuse(problem: Problem): void {
    this.deliver({ kind: 'piece', id: this.id, data: '', rows: 0, end: true, problem: problem.data });
  }
}
