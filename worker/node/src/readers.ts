// The pool of reader threads. A wakeup of a thread costs more than a point select, so queries go
// to the same thread as long as it keeps up; one that is held up by a long query passes the
// waiting ones on to others, which are started when they are first needed.
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { Interrupter, Running } from './interrupt.ts';
import type { Logger } from './log.ts';
import type { Answer, DatabaseInfo, ExecMessage, FromReader, ThreadConfig, ToReader } from './messages.ts';
import { Problem, closed, unknownDatabase } from './problem.ts';
import { Query, type QueryHost } from './query.ts';
import type { QueryRequest } from './requests.ts';
import type { Slots } from './slots.ts';

const maxThreads = 8;
const spareThreads = 2; // that nothing holds up: to start one takes long under load
const depth = 32; // queries at a thread that keeps up
const maxOpen = 96; // queries at all threads: each has a connection
const maxWaiting = 4096;
/** How often stalled threads are looked for and interrupts are repeated: one that arrives just before SQLite starts is lost. */
const tickEvery = 5;
const idleTicks = 200;
const closeTimeout = 5000;

interface Thread {
  worker: Worker;
  /** Sent together once the event loop has handled what has arrived: a message costs more than a small query. */
  outbox: ToReader[];
  running: Running;
  queries: Map<number, Query>;
  /** Queries that have sent a piece and are not at their end. They may wait for their clients. */
  streams: number;
  /** Writes being decoded. */
  decoding: number;
  progress: number;
  seen: number;
  stalled: boolean;
}

export class Readers implements QueryHost {
  readonly #config: ThreadConfig;
  readonly #slots: Slots;
  readonly #logger: Logger;
  readonly #connect: (port: MessagePort) => void;
  readonly #answer: (a: Answer) => void;
  readonly #interrupter: Interrupter;
  readonly #databases = new Map<string, DatabaseInfo>();
  readonly #threads: Thread[] = [];
  readonly #waiting = new Set<Query>();
  readonly #canceled = new Set<Query>();
  readonly #abandoned = new Map<number, number>(); // slots of queries given up, by id, until the thread has seen that
  #open = 0;
  #lastID = 0;
  #tick: NodeJS.Timeout | undefined;
  #idle = 0;
  #closed = false;

  constructor(config: ThreadConfig, slots: Slots, logger: Logger, connect: (port: MessagePort) => void, answer: (a: Answer) => void) {
    this.#config = config;
    this.#slots = slots;
    this.#logger = logger;
    this.#connect = connect;
    this.#answer = answer;
    this.#interrupter = new Interrupter(config.extension);
  }

  get sqliteVersion(): string {
    return this.#interrupter.version();
  }

  opened(database: DatabaseInfo): void {
    this.#databases.set(database.physical, database);
    for (const t of this.#threads) post(t, { kind: 'opened', database });
    this.#spare();
  }

  query(physical: string, request: QueryRequest): Query {
    const q = new Query(this, physical, request);
    if (this.#closed) q.refuse(closed());
    else if (this.#waiting.size >= maxWaiting) {
      q.refuse(new Problem('overloaded', 'too many queries are waiting', { hint: 'send it again later' }));
    } else {
      this.#waiting.add(q);
      this.#dispatch();
    }
    return q;
  }

  /** Decodes a write's parameters and passes it to the writer. */
  decode(message: ExecMessage): void {
    const t = this.#threads.findLast((t) => !t.stalled && !isHeavy(t)) ?? this.#threads.at(-1) ?? this.#start();
    t.decoding++;
    post(t, { kind: 'decode', message });
    this.#ticking();
  }

  more(q: Query): void {
    const t = this.#threadOf(q);
    if (t) post(t, { kind: 'more', id: q.id });
  }

  cancel(q: Query): void {
    const reason = q.reason ?? closed();
    if (this.#waiting.delete(q)) {
      q.refuse(reason);
      return;
    }
    const t = this.#threadOf(q);
    if (!t) return;
    if (this.#takeBack(t, q)) {
      q.refuse(reason);
      this.#dispatch();
      return;
    }
    post(t, { kind: 'cancel', id: q.id });
    this.#canceled.add(q);
    this.#interrupt(q);
  }

  /** Ends the queries of a dropped database and closes its connections, within a bounded time. */
  async forget(info: DatabaseInfo, nextID: () => number, call: (id: number) => Promise<unknown>): Promise<void> {
    this.#databases.delete(info.physical);
    this.#cancelAll((q) => q.physical === info.physical, () => unknownDatabase(info.name));
    const done = this.#threads.map((t) => {
      const id = nextID();
      post(t, { kind: 'forget', id, physical: info.physical });
      return call(id);
    });
    await within(Promise.all(done), closeTimeout, () => this.#logger.warn('readers still have a dropped database open', { database: info.physical }));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelAll(() => true, closed);
    const exits = this.#threads.map((t) => {
      const exit = new Promise((resolve) => t.worker.once('exit', resolve));
      post(t, { kind: 'close' });
      return exit;
    });
    await within(Promise.all(exits), closeTimeout, () => this.#logger.warn('reader threads do not end'));
    clearInterval(this.#tick);
    this.#tick = undefined;
    this.#interrupter.close();
  }

  #cancelAll(which: (q: Query) => boolean, reason: () => Problem): void {
    for (const q of [...this.#waiting, ...this.#threads.flatMap((t) => [...t.queries.values()])]) if (which(q)) q.cancel(reason);
  }

  #spare(): void {
    const ready = this.#threads.filter((t) => !t.stalled && !isHeavy(t)).length;
    for (let n = ready; n < spareThreads && this.#threads.length < maxThreads; n++) this.#start();
  }

  #start(): Thread {
    const { port1, port2 } = new MessageChannel();
    this.#connect(port2);
    const running = new Running();
    const worker = new Worker(new URL('./reader-thread.ts', import.meta.url), {
      workerData: { ...this.#config, running: running.shared, writer: port1 }, transferList: [port1],
    });
    const t: Thread = { worker, outbox: [], running, queries: new Map(), streams: 0, decoding: 0, progress: 0, seen: -1, stalled: false };
    worker.on('message', (messages: FromReader[]) => {
      for (const m of messages) this.#receive(t, m);
    });
    worker.on('error', (err: unknown) => {
      this.#logger.error('a reader thread failed', { error: err });
      this.#threads.splice(this.#threads.indexOf(t), 1);
      for (const q of t.queries.values()) {
        this.#end(t, q);
        q.refuse(new Problem('internal', 'a thread of the worker failed; see its log'));
      }
    });
    this.#threads.push(t);
    for (const database of this.#databases.values()) post(t, { kind: 'opened', database });
    return t;
  }

  #receive(t: Thread, m: FromReader): void {
    t.progress++;
    t.stalled = false;
    if (m.kind === 'answer') {
      this.#answer(m.answer);
      return;
    }
    if (m.kind === 'decoded') {
      t.decoding--;
      return;
    }
    const q = t.queries.get(m.id);
    if (!q) {
      const slot = this.#abandoned.get(m.id);
      if (slot !== undefined) this.#slots.release(slot);
      this.#abandoned.delete(m.id);
      return;
    }
    if (m.logged) this.#logger.error('a query failed', { error: m.logged });
    if (m.end) {
      this.#end(t, q);
      if (this.#waiting.size > 0) this.#dispatch();
    } else if (!q.streaming) {
      q.streaming = true;
      t.streams++;
    }
    q.deliver(m);
  }

  #end(t: Thread, q: Query): void {
    t.queries.delete(q.id);
    this.#canceled.delete(q);
    if (q.streaming) t.streams--;
    this.#slots.release(q.slot);
    this.#open--;
  }

  #dispatch(): void {
    for (const q of this.#waiting) {
      const t = this.#open < maxOpen ? this.#choose() : undefined;
      const slot = t && this.#slots.take();
      if (!t || slot === undefined) return;
      this.#waiting.delete(q);
      q.slot = slot;
      q.id = this.#lastID = (this.#lastID % 0x7fffffff) + 1;
      t.queries.set(q.id, q);
      this.#open++;
      post(t, { kind: 'query', id: q.id, slot, physical: q.physical, request: q.request });
      this.#ticking();
    }
  }

  #choose(): Thread | undefined {
    const ready = this.#threads.filter((t) => !t.stalled && t.queries.size < depth);
    const best = ready.find((t) => !isHeavy(t));
    if (best) return best;
    if (this.#threads.length < maxThreads) return this.#start();
    return ready.reduce<Thread | undefined>((a, b) => (a && a.streams + a.decoding <= b.streams + b.decoding ? a : b), undefined);
  }

  /** Takes back a query that the thread has not begun. */
  #takeBack(t: Thread, q: Query): boolean {
    if (q.streaming || !this.#slots.giveUp(q.slot)) return false;
    t.queries.delete(q.id);
    this.#abandoned.set(q.id, q.slot);
    this.#open--;
    return true;
  }

  #threadOf(q: Query): Thread | undefined {
    return this.#threads.find((t) => t.queries.get(q.id) === q);
  }

  #interrupt(q: Query): void {
    this.#threadOf(q)?.running.interrupt(q.id, (handle) => this.#interrupter.interrupt(handle));
  }

  #ticking(): void {
    this.#idle = 0;
    this.#tick ??= setInterval(() => this.#onTick(), tickEvery);
  }

  #onTick(): void {
    for (const q of this.#canceled) this.#interrupt(q);
    let busy = false;
    for (const t of this.#threads) {
      if (t.queries.size === 0 && t.decoding === 0) continue;
      busy = true;
      t.stalled = t.seen === t.progress && (t.running.id !== 0 || t.decoding > 0);
      t.seen = t.progress;
      if (!t.stalled) continue;
      for (const q of t.queries.values()) if (this.#takeBack(t, q)) this.#waiting.add(q);
    }
    this.#spare();
    if (this.#waiting.size > 0) this.#dispatch();
    if (busy) this.#idle = 0;
    else if (this.#idle++ > idleTicks) {
      clearInterval(this.#tick);
      this.#tick = undefined;
    }
  }
}

/** It may be held up at any time. */
function isHeavy(t: Thread): boolean {
  return t.streams > 0 || t.decoding > 0;
}

function post(t: Thread, m: ToReader): void {
  if (t.outbox.push(m) > 1) return;
  setImmediate(() => t.worker.postMessage(t.outbox.splice(0)));
}

/** Waits for done for a bounded time. */
async function within(done: Promise<unknown>, ms: number, late: () => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      late();
      resolve();
    }, ms);
  });
  await Promise.race([done, timeout]);
  clearTimeout(timer);
}
