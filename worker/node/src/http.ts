// What every request passes: its id, the checks of its host and origin, the token, its body, and
// how it is answered.
import { hash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { Reader, type Read } from './json.ts';
import type { Level, Logger } from './log.ts';
import { Problem, canceled, problemOf, toJSON } from './problem.ts';

const maxBody = 32 << 20;
const drainTimeout = 500; // milliseconds that a client gets to notice the refusal of its body

/** Gives each request an id, its own if it sent a valid one, and writes the access log. */
export function identify(logger: Logger): RequestHandler {
  return (req, res, next) => {
    const sent = req.headers['x-request-id'];
    const id = typeof sent === 'string' && /^[\w.-]{1,64}$/.test(sent) ? sent : newID();
    res.locals.requestID = id;
    res.setHeader('X-Request-Id', id);
    const start = performance.now();
    res.once('close', () => {
      const err: unknown = res.locals.error;
      const level = levelOf(res.statusCode, err);
      if (!logger.enabled(level)) return;
      logger.log(level, 'request', {
        request_id: id, method: req.method, path: req.path, status: res.statusCode,
        took: `${(performance.now() - start).toFixed(3)}ms`, remote: req.socket.remoteAddress, ...(err instanceof Error && { error: err instanceof Problem ? err.message : err }),
      });
    });
    next();
  };
}

function newID(): string {
  const half = () => Math.floor(Math.random() * 2 ** 32).toString(16).padStart(8, '0');
  return half() + half();
}

/** Failures are logged; of the rest only refusals, so that a busy worker does not spend its time on logging. */
function levelOf(status: number, err: unknown): Level {
  if (err && problemOf(err).code === 'internal') return 'error';
  if (status >= 500) return 'warn';
  return status === 401 || status === 403 ? 'info' : 'debug';
}

/**
 * Refuses what only a browser sends. On loopback the host must be an address or localhost: a page
 * that rebinds its own name to 127.0.0.1 still sends that name.
 */
export function refuseBrowsers(loopback: boolean): RequestHandler {
  return (req, _, next) => {
    const { host = '', origin } = req.headers;
    const site = req.headers['sec-fetch-site'];
    const name = host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1');
    if (loopback && name !== 'localhost' && isIP(name) === 0) {
      throw new Problem('forbidden', 'this service is not served under the host name of this request', { hint: 'call it by its IP address or as localhost' });
    }
    const safe = ['GET', 'HEAD', 'OPTIONS'].includes(req.method);
    const foreign = !site ? Boolean(origin) && URL.parse(origin ?? '')?.host !== host : site !== 'same-origin' && site !== 'none';
    if (!safe && foreign) throw new Problem('forbidden', 'a web page of another origin must not call this service');
    next();
  };
}

/** Passes requests with the cluster's token, exactly once. Nothing else is examined before that. */
export function requireToken(token: string): RequestHandler {
  const digest = (s: string) => hash('sha256', s, 'buffer');
  const expected = digest(token); // digests, so that the time does not tell the length
  return (req, res, next) => {
    const got = req.headers['x-master-token']; // a header that is sent twice arrives with a comma
    if (typeof got === 'string' && timingSafeEqual(digest(got), expected)) {
      next();
      return;
    }
    res.setHeader('WWW-Authenticate', 'X-Master-Token');
    throw new Problem('unauthorized', "the header X-Master-Token is missing or does not match this cluster's token", {
      hint: 'start the master and its workers with the same MASTER_TOKEN',
    });
  };
}

/** What `body` with a shape leaves as req.body: the value, and the JSON that it was read from. */
export interface Body<S extends Read<unknown>> {
  value: ReturnType<S>;
  text: string;
}

/** Reads the body, strict JSON of that shape. */
export function body<T>(shape: Read<T>): RequestHandler {
  return (req, _, next) => {
    if (!/^application\/json[ \t]*(?:;|$)/i.test(req.headers['content-type'] ?? '')) {
      throw new Problem('unsupported_media_type', 'the Content-Type of the request is not application/json', { hint: 'send the header Content-Type: application/json' });
    }
    if (Number(req.headers['content-length'] ?? 0) > maxBody) throw tooLarge();
    const chunks: Buffer[] = [];
    let length = 0;
    req.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maxBody) chunks.push(chunk);
      else if (chunks.length > 0) {
        chunks.length = 0;
        next(tooLarge());
      }
    });
    req.on('end', () => {
      if (length > maxBody) return;
      try {
        req.body = Reader.decode(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks), shape);
      } catch (err) {
        next(err);
        return;
      }
      next();
    });
  };
}

/** Aborts if the client gives up. */
export function untilClosed(res: Response): AbortSignal {
  const closed = new AbortController();
  res.once('close', () => closed.abort(canceled()));
  return closed.signal;
}

const tooLarge = () => new Problem('body_too_large', `the body is larger than ${maxBody} bytes`, { hint: 'send less at a time, for example an insert in batches' });

export function sendJSON(res: Response, value: unknown): void {
  send(res, 200, 'application/json', `${toJSON(value)}\n`);
}

export function send(res: Response, status: number, type: string, text: string | Buffer): void {
  res.statusCode = status;
  setHeaders(res, type);
  res.setHeader('Content-Length', Buffer.byteLength(text));
  res.end(text);
}

export function setHeaders(res: Response, type: string): void {
  res.setHeader('Content-Type', type);
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('Cache-Control', 'no-store');
}

/** The error handler: every error is answered with a problem document. */
// Express recognises an error handler by its four parameters.
// eslint-disable-next-line @typescript-eslint/no-unused-vars
export function answerProblem(err: unknown, req: Request, res: Response, _next: NextFunction): void {
  res.locals.error = err;
  if (res.headersSent) {
    res.destroy(); // a truncated answer cannot pass as complete
    return;
  }
  const problem = problemOf(err);
  const text = `${toJSON(problem.document(String(res.locals.requestID)))}\n`;
  if (problem.status === 503) res.setHeader('Retry-After', '1');
  if (req.complete || problem.code !== 'body_too_large') {
    send(res, problem.status, 'application/problem+json', text);
    return;
  }
  // The rest of the body is not read. To close the connection at once would reset it, and the
  // client might not see the answer.
  res.statusCode = problem.status;
  res.setHeader('Connection', 'close');
  setHeaders(res, 'application/problem+json');
  res.setHeader('Content-Length', Buffer.byteLength(text));
  res.write(text);
  req.resume();
  setTimeout(() => res.end(), drainTimeout);
}
