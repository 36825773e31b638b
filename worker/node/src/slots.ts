// Who has a request: the main thread, which may give up on it while it waits, or the thread that
// has begun it. The two race, so each request has a slot in shared memory.

const [free, queued, begun, givenUp] = [0, 1, 2, 3];

/** How many requests can be queued or running, in all threads together. */
const count = 8192;

/** For the main thread. */
export class Slots {
  readonly shared = new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT);
  readonly #slots = new Int32Array(this.shared);
  readonly #free = Array.from({ length: count }, (_, i) => count - 1 - i);

  /** Reserves a slot; undefined if all are in use. */
  take(): number | undefined {
    const slot = this.#free.pop();
    if (slot !== undefined) Atomics.store(this.#slots, slot, queued);
    return slot;
  }

  /** True if the request has not begun, and now never will. */
  giveUp(slot: number): boolean {
    return Atomics.compareExchange(this.#slots, slot, queued, givenUp) === queued;
  }

  /** Called once the other thread is done with the slot. */
  release(slot: number): void {
    Atomics.store(this.#slots, slot, free);
    this.#free.push(slot);
  }
}

/** For the other threads: true if the request was still wanted, and now is theirs. */
export function begin(slots: Int32Array, slot: number): boolean {
  return Atomics.compareExchange(slots, slot, queued, begun) === queued;
}
