// How many requests a group waits for before it is run.

/** Groups that do not wait after a futile wait; each further futile wait doubles it, up to the maximum. */
const rest = 64;
const maxRest = 1024;

/**
 * A commit costs about the same for one request as for many, so a short wait for requests about
 * to arrive pays off, and waiting for nobody is pure loss. So it probes: a group that reached its
 * target lets the next try for one more, and a group that waited in vain settles for its size and
 * backs off. A lone writer thus waits in one group out of hundreds.
 */
export class Linger {
  readonly milliseconds = 2;
  /** The current group has waited. */
  waited = false;
  #settled = 0; // group size that was recently reached in time
  #rest = 0; // groups until the next attempt at a larger one
  #vain = 0; // length of the last back-off

  /** The number of requests that the next group waits for. */
  target(): number {
    return this.#rest > 0 ? this.#settled : this.#settled + 1;
  }

  /** Adapts to a group of size requests, gathered by waiting for target. */
  saw(size: number, target: number): void {
    this.waited = false;
    if (size < target && target > this.#settled) {
      this.#vain = Math.min(Math.max(2 * this.#vain, rest), maxRest);
      this.#rest = this.#vain;
      this.#settled = size;
    } else if (size < target) {
      this.#settled = size; // some writers are gone
    } else if (size > this.#settled) {
      this.#settled = size;
      this.#rest = 0;
      this.#vain = 0;
    } else {
      this.#rest--;
    }
  }
}
