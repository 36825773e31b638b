// The Express application: the endpoints of worker-openapi.yaml.
import { createHmac } from 'node:crypto';
import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import type { Engine, Rows } from './engine.ts';
import { answerProblem, body, identify, refuseBrowsers, requireToken, send, sendJSON, setHeaders, untilClosed, type Body } from './http.ts';
import type { Logger } from './log.ts';
import type { Piece } from './messages.ts';
import { Problem, canceled, problemOf, toJSON } from './problem.ts';
import { checkDB, checkExec, checkQuery, checkState, shapes, type WorkerState } from './requests.ts';

export interface AppConfig {
  engine: Engine;
  logger: Logger;
  name: string;
  token: string;
  version: string;
  loopback: boolean;
  /** At the start. */
  state: WorkerState;
}

const ndjson = 'application/x-ndjson';
const writeTimeout = 30_000; // for a piece of a large answer

export function createApp({ engine, logger, name, token, version, loopback, state }: AppConfig): Express {
  const app = express();
  app.disable('x-powered-by');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  app.use(identify(logger), refuseBrowsers(loopback));
  const guard = requireToken(token);
  const started = Date.now();
  const engineVersion = engine.version;
  let holder = state; // of the term, as last logged

  app.get('/health', (req, res) => {
    const [worst] = engine.failures;
    const text = toJSON({
      status: worst ? 'failing' : 'ok', name, language: 'node', engine: engine.name, engine_version: engineVersion, dialect: engine.dialect,
      shard: engine.shard, version, uptime_seconds: (Date.now() - started) / 1000,
      ...(worst && { storage: { problem: worst.problem, code: worst.code, since: worst.since } }),
    });
    const nonce = req.headers['x-shardeck-nonce'];
    if (typeof nonce === 'string' && /^[0-9a-f]{64}$/.test(nonce)) res.setHeader('X-Shardeck-Proof', proof(token, nonce, text));
    send(res, 200, 'application/json', text);
  });

  app.post('/create-db', guard, body(shapes.db), async (req, res) => {
    const request = checkDB((req.body as Body<typeof shapes.db>).value);
    sendJSON(res, { db_name: request.db, physical: await engine.createDB(request, untilClosed(res)) });
  });

  app.post('/drop-db', guard, body(shapes.db), async (req, res) => {
    const request = checkDB((req.body as Body<typeof shapes.db>).value);
    sendJSON(res, { db_name: request.db, physical: await engine.dropDB(request, untilClosed(res)) });
  });

  app.post('/exec', guard, body(shapes.exec), async (req, res) => {
    const { value, text } = req.body as Body<typeof shapes.exec>;
    const write = engine.exec(checkExec(value), text);
    res.once('close', write.cancel);
    sendJSON(res, await write.done);
  });

  app.post('/query', guard, body(shapes.query), async (req, res) => {
    const { value, text } = req.body as Body<typeof shapes.query>;
    const query = engine.query(checkQuery(value), text);
    res.once('close', () => query.cancel(canceled));
    await sendRows(query, res);
  });

  app.get('/stats', guard, async (_, res) => {
    const { failures } = engine;
    sendJSON(res, {
      state: await engine.state(), databases: await engine.stats(), at: new Date().toISOString(), ...(failures.length > 0 && { storage: failures }),
    });
  });

  app.get('/state', guard, async (_, res) => {
    sendJSON(res, await engine.state());
  });

  app.post('/state', guard, body(shapes.state), async (req, res) => {
    const state = await engine.setState(checkState((req.body as Body<typeof shapes.state>).value));
    if (state.term !== holder.term || state.leader !== holder.leader) {
      logger.info('a master holds the term', { term: String(state.term), leader: state.leader, shard: state.shard });
    }
    holder = state;
    sendJSON(res, state);
  });

  app.all('/health', methods('GET, HEAD'));
  app.all(['/create-db', '/drop-db', '/exec', '/query'], methods('POST'));
  app.all('/stats', methods('GET, HEAD'));
  app.all('/state', methods('GET, HEAD, POST'));
  app.use(() => {
    throw new Problem('not_found', 'this path does not exist', {
      hint: 'the endpoints are /create-db, /drop-db, /exec, /health, /query, /state, /stats',
    });
  });
  app.use(answerProblem);
  return app;
}

/** The proof that the author of the answer to nonce knows the token. */
export function proof(token: string, nonce: string, text: string): string {
  return createHmac('sha256', token).update(`shardeck worker proof 1\n${nonce}\n`).update(text).digest('hex');
}

function methods(allowed: string): RequestHandler {
  return (req: Request, res: Response) => {
    res.setHeader('Allow', allowed);
    throw new Problem('method_not_allowed', `${req.path} does not allow this method`, { hint: `use ${allowed}` });
  };
}

/**
 * Sends the rows, piece by piece as the client takes them, and the record that ends them. A result
 * of one piece is sent at once, and a failure before the first piece is sent has its own status.
 */
async function sendRows(query: Rows, res: Response): Promise<void> {
  let rows = 0;
  for (;;) {
    const piece = await query.next();
    rows += piece.rows;
    if (piece.end && !res.headersSent) {
      if (piece.problem) throw Problem.from(piece.problem);
      if (typeof piece.data === 'string') send(res, 200, ndjson, piece.data + end(rows));
      else send(res, 200, ndjson, Buffer.concat([piece.data, Buffer.from(end(rows))]));
      return;
    }
    if (!res.headersSent) setHeaders(res, ndjson);
    if (piece.data.length > 0 && !res.write(piece.data)) await drained(res);
    if (res.destroyed) return;
    if (piece.end) {
      res.end(piece.problem ? failed(piece, res) : end(rows));
      return;
    }
  }
}

const end = (rows: number) => `{"end":{"rows":${rows}}}\n`;

function failed(piece: Piece, res: Response): string {
  const problem = piece.problem ? Problem.from(piece.problem) : problemOf(undefined);
  res.locals.error = problem;
  return `${toJSON({ error: problem.document(String(res.locals.requestID)) })}\n`;
}

/** Waits until the client has taken what was written, or is gone. One that does not read is disconnected. */
async function drained(res: Response): Promise<void> {
  const timer = setTimeout(() => res.destroy(), writeTimeout);
  await new Promise<void>((resolve) => {
    const done = () => {
      res.off('drain', done).off('close', done);
      resolve();
    };
    res.once('drain', done).once('close', done);
  });
  clearTimeout(timer);
}
