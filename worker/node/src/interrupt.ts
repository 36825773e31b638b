// Interrupts of the statement that a reader runs, from the main thread.
//
// A thread that is busy in SQLite receives no messages. So each reader shows in shared memory
// which query it runs and on which connection, and the main thread interrupts that connection by
// a function of the extension. The lock makes sure that it is still the same query.
import { Connection } from './connection.ts';

const [lock, running] = [0, 1]; // indices of 32-bit words; the handle follows as 64 bits
const size = 16;

export class Running {
  readonly shared: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #handle: BigInt64Array;

  constructor(shared = new SharedArrayBuffer(size)) {
    this.shared = shared;
    this.#words = new Int32Array(shared);
    this.#handle = new BigInt64Array(shared, 8, 1);
  }

  /** For the reader: the query runs on this connection; 0 for none. */
  set(id: number, handle = 0n): void {
    this.#locked(() => {
      this.#words[running] = id;
      this.#handle[0] = handle;
    });
  }

  /** The id of the running query, 0 if there is none. */
  get id(): number {
    return Atomics.load(this.#words, running);
  }

  /** For the main thread: calls interrupt with the connection's handle, if the query runs. */
  interrupt(id: number, interrupt: (handle: bigint) => void): void {
    this.#locked(() => {
      if (this.#words[running] === id) interrupt(this.#handle[0] ?? 0n);
    });
  }

  #locked(run: () => void): void {
    while (Atomics.compareExchange(this.#words, lock, 0, 1) !== 0) Atomics.wait(this.#words, lock, 1, 1);
    try {
      run();
    } finally {
      Atomics.store(this.#words, lock, 0);
      Atomics.notify(this.#words, lock);
    }
  }
}

/** The connection that the main thread interrupts others by; it opens no file. */
export class Interrupter {
  readonly #conn: Connection;

  constructor(extension: string) {
    this.#conn = new Connection(':memory:', extension);
  }

  interrupt(handle: bigint): void {
    this.#conn.get('SELECT sd_interrupt(?)', handle);
  }

  /** The version of SQLite. */
  version(): string {
    return String(this.#conn.get('SELECT sqlite_version()')?.[0]);
  }

  close(): void {
    this.#conn.close();
  }
}
