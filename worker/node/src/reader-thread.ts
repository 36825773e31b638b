// A reader: a thread that runs queries, each on a connection of its own, and sends their rows in
// pieces. A query whose client is slow is left in the middle, and the thread serves others
// meanwhile. It also decodes the parameters of large writes.
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { isStorage, primaryCode, resultCode, sqlite, statementProblem, storageProblem } from './errors.ts';
import { Decoder } from './decoder.ts';
import { Running } from './interrupt.ts';
import { failure, type ExecMessage, type FromReader, type ThreadConfig, type ToReader, type ToWriter } from './messages.ts';
import { canceled, closed, problemOf, unknownDatabase } from './problem.ts';
import { ReaderDatabase, type Reading, type Rows } from './reader-database.ts';
import type { QueryRequest } from './requests.ts';
import { begin } from './slots.ts';

/** The size in bytes from which the extension hands over a piece, and how many may be on their way. */
const pieceSize = 64 << 10;
const credits = 3;
/** A piece of this many bytes is handed over rather than copied. */
const handOver = 8 << 10;
/** How long in milliseconds an answer may wait for others to be sent with it. */
const maxDelay = 0.5;

const { dir, extension, slots: shared, running: runningShared, writer } = workerData as ThreadConfig & { running: SharedArrayBuffer; writer: MessagePort };
const slots = new Int32Array(shared);
const running = new Running(runningShared);
const decoder = new Decoder(extension);
const databases = new Map<string, ReaderDatabase>(); // by physical name
const queries = new Map<number, Query>(); // that have sent a piece, and are not at their end
const decoderOfText = new TextDecoder();

interface Query {
  id: number;
  database: ReaderDatabase;
  reading: Reading;
  rows: Rows;
  next: [bigint, Uint8Array] | undefined; // a piece that was read ahead
  credits: number;
}

let outbox: FromReader[] = [];
let outboxSince = 0;

/** Sends the message together with those that follow at once. */
function send(m: FromReader): void {
  if (outbox.push(m) === 1) {
    outboxSince = performance.now();
    setImmediate(flush);
  }
}

function flush(): void {
  if (outbox.length === 0) return;
  const buffers = outbox.flatMap((m) => (m.kind === 'piece' && typeof m.data !== 'string' ? [m.data.buffer as ArrayBuffer] : []));
  parentPort?.postMessage(outbox, buffers);
  outbox = [];
}

function start(id: number, slot: number, physical: string, request: QueryRequest): void {
  if (!begin(slots, slot)) {
    fail(id, canceled());
    return;
  }
  const database = databases.get(physical);
  let reading: Reading | undefined;
  try {
    if (!database) throw unknownDatabase(request.db);
    const values = decoder.query(request.types, request.params);
    decoder.checkTypes(request.resultTypes, 'result_types');
    reading = database.acquire();
    running.set(id, reading.handle);
    const { rows, first } = database.start(reading.conn, request, values);
    advance({ id, database, reading, rows, next: first, credits });
  } catch (err) {
    running.set(0);
    if (reading && database) database.release(reading, true);
    fail(id, err, physical);
  }
}

/** Sends a piece. The query then waits: for its client, or for its next turn. */
function advance(q: Query): void {
  let piece: [bigint, Uint8Array];
  let end: boolean;
  try {
    piece = q.next ?? (q.rows.next().value as [bigint, Uint8Array]);
    q.next = undefined;
    end = piece[1].length < pieceSize;
    if (end) q.rows.next(); // ends the snapshot
    running.set(0);
  } catch (err) {
    running.set(0);
    finish(q, true);
    send({ kind: 'piece', id: q.id, data: '', rows: 0, end: true, ...failure(queryProblem(err, q.database.info.physical), problemOf) });
    return;
  }
  if (end) finish(q, false);
  else queries.set(q.id, q);
  const [rows, lines] = piece;
  const data = lines.length < handOver ? decoderOfText.decode(lines) : lines;
  send({ kind: 'piece', id: q.id, data, rows: Number(rows), end });
  if (!end && --q.credits > 0) setImmediate(proceed, q);
}

function proceed(q: Query): void {
  if (!queries.has(q.id)) return;
  running.set(q.id, q.reading.handle);
  advance(q);
}

function finish(q: Query, failed: boolean): void {
  queries.delete(q.id);
  q.rows.return?.();
  q.database.release(q.reading, failed);
}

function fail(id: number, err: unknown, physical = ''): void {
  send({ kind: 'piece', id, data: '', rows: 0, end: true, ...failure(queryProblem(err, physical), problemOf) });
}

/** The problem of a query's error. The main thread, which interrupts, knows better why. */
function queryProblem(err: unknown, physical: string): unknown {
  if (primaryCode(err) === sqlite.interrupt) return closed();
  const problem = storageProblem(statementProblem(err));
  const code = resultCode(err);
  // The writer knows about the storage.
  if (problem !== err && isStorage(code)) writer.postMessage({ kind: 'unreadable', physical, code, detail: String(err) } satisfies ToWriter);
  return problem;
}

function decode(message: ExecMessage): void {
  try {
    writer.postMessage({ ...message, values: decoder.exec(message.request.statements) });
  } catch (err) {
    begin(slots, message.slot);
    send({ kind: 'answer', answer: { id: message.id, ...failure(statementProblem(err), problemOf) } });
  }
  send({ kind: 'decoded', id: message.id });
}

function receive(m: ToReader): void {
  switch (m.kind) {
    case 'query':
      start(m.id, m.slot, m.physical, m.request);
      break;
    case 'more': {
      const q = queries.get(m.id);
      if (q && q.credits++ === 0) proceed(q);
      break;
    }
    case 'cancel': {
      const q = queries.get(m.id);
      if (!q) break;
      finish(q, true);
      fail(m.id, canceled());
      break;
    }
    case 'decode':
      decode(m.message);
      break;
    case 'opened':
      databases.set(m.database.physical, new ReaderDatabase(m.database, dir, extension));
      break;
    case 'forget':
      endQueries((q) => q.database.info.physical === m.physical);
      databases.get(m.physical)?.close();
      databases.delete(m.physical);
      send({ kind: 'answer', answer: { id: m.id } });
      break;
    case 'close':
      endQueries(() => true);
      for (const db of databases.values()) db.close();
      decoder.close();
      flush();
      parentPort?.close();
      writer.close();
      break;
  }
}

function endQueries(which: (q: Query) => boolean): void {
  for (const q of [...queries.values()].filter(which)) {
    finish(q, true);
    fail(q.id, closed());
  }
}

parentPort?.on('message', (messages: ToReader[]) => {
  for (const m of messages) {
    receive(m);
    if (outbox.length > 0 && performance.now() - outboxSince > maxDelay) flush();
  }
});
