// Files as they were opened. SQLite goes on working with a file that was removed or replaced, and
// would acknowledge writes that are gone with the process.
//
// Files are only ever examined by path: opening and closing one, other than through SQLite, would
// release all locks that SQLite has on it in this process.
import fs from 'node:fs';
import { logLimit } from './connection.ts';
import type { Store } from './storage.ts';

/** A file is not the one that was opened. */
export class Moved extends Error {
  readonly path: string;

  constructor(path: string) {
    super(`${path} is not the file that was opened`);
    this.path = path;
  }
}

/** A part of a file is gone. */
export class Shrunk extends Error {
  readonly path: string;

  constructor(path: string, size: bigint, had: bigint) {
    super(`${path} has ${size} bytes, and had ${had}`);
    this.path = path;
  }
}

/** A file that has to stay in place. It can shrink by itself to the limit of its size, at most; by default to nothing. */
export class OpenedFile {
  readonly path: string;
  readonly #sizeLimit: number;
  readonly #opened: fs.BigIntStats;
  #largest: bigint;

  constructor(path: string, sizeLimit = 0) {
    this.path = path;
    this.#sizeLimit = sizeLimit;
    this.#opened = fs.statSync(path, { bigint: true });
    this.#largest = this.#opened.size;
  }

  check(): void {
    const found = fs.statSync(this.path, { bigint: true, throwIfNoEntry: false });
    if (found?.dev !== this.#opened.dev || found.ino !== this.#opened.ino) throw new Moved(this.path);
    if (found.size < this.#largest && found.size < this.#sizeLimit) throw new Shrunk(this.path, found.size, this.#largest);
    if (found.size > this.#largest) this.#largest = found.size;
  }
}

export class OpenedFiles {
  readonly #files: OpenedFile[];

  constructor(...files: OpenedFile[]) {
    this.#files = files;
  }

  /** A database's file, which never shrinks by itself, and its log, which exists since the first read. */
  static ofDatabase(path: string): OpenedFiles {
    // Nothing vacuums the file, and a checkpoint only adds to it.
    return new OpenedFiles(new OpenedFile(path, Infinity), new OpenedFile(`${path}-wal`, logLimit));
  }

  /** Checks the files, and shuts their store if they are not in place or not whole. */
  checkPlace(store: Store): void {
    try {
      for (const file of this.#files) file.check();
    } catch (err) {
      if (err instanceof Moved) store.shut('place', 'removed', err.path, err);
      else if (err instanceof Shrunk) store.shut('content', 'damaged', err.path, err);
      else store.fail('read', 'read_failed', this.#files[0]?.path ?? '', err);
      throw err;
    }
  }
}
