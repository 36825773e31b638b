// Files as they were opened. SQLite goes on working with a file that was removed or replaced, and
// would acknowledge writes that are gone with the process.
//
// Files are only ever examined by path: opening and closing one, other than through SQLite, would
// release all locks that SQLite has on it in this process.
import fs from 'node:fs';
import type { Store } from './storage.ts';

/** A file is not the one that was opened. */
export class Moved extends Error {
  readonly path: string;

  constructor(path: string) {
    super(`${path} is not the file that was opened`);
    this.path = path;
  }
}

export class OpenedFiles {
  readonly #files: { path: string; dev: bigint; ino: bigint }[];

  constructor(...paths: string[]) {
    this.#files = paths.map((path) => {
      const { dev, ino } = fs.statSync(path, { bigint: true });
      return { path, dev, ino };
    });
  }

  /** Throws Moved unless all files are in place, and another error if that is unknown. */
  check(): void {
    for (const { path, dev, ino } of this.#files) {
      const found = fs.statSync(path, { bigint: true, throwIfNoEntry: false });
      if (found?.dev !== dev || found.ino !== ino) throw new Moved(path);
    }
  }

  /** Checks the files, and shuts their store if they are not in place. */
  checkPlace(store: Store): void {
    try {
      this.check();
    } catch (err) {
      if (err instanceof Moved) store.shut('place', 'removed', err.path, err);
      else store.fail('read', 'read_failed', this.#files[0]?.path ?? '', err);
      throw err;
    }
  }
}
