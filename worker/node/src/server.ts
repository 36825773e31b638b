// The HTTP server: listening, the bounds on slow clients, and an orderly shutdown.
import http, { type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from './log.ts';

export class Server {
  readonly #server: http.Server;
  #listener: RequestListener | undefined;
  #early: Parameters<RequestListener>[] = [];
  #stopping = false;

  constructor() {
    this.#server = http.createServer(
      { maxHeaderSize: 64 << 10, headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 120_000, connectionsCheckingInterval: 2000 },
      (req, res) => {
        if (this.#stopping) res.setHeader('Connection', 'close');
        if (this.#listener) this.#listener(req, res);
        else this.#early.push([req, res]);
      },
    );
  }

  /** Opens the port. Requests wait until `serve`. */
  async listen(host: string, port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (err: NodeJS.ErrnoException) => {
        reject(new Error(err.code === 'EADDRINUSE'
          ? `cannot listen on port ${port} of ${host}, which is in use: is another Shardeck running? stop it, or choose another port with --port or WORKER_PORT`
          : `cannot listen on port ${port} of ${host}: ${err.message}`));
      });
      this.#server.listen(port, host, resolve);
    });
  }

  get port(): number {
    return this.#address.port;
  }

  /** Its base URL; the loopback address if it listens on every interface. */
  get url(): string {
    const { address, family, port } = this.#address;
    const host = address === '::' || address === '0.0.0.0' ? '127.0.0.1' : address;
    return `http://${family === 'IPv6' && host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  serve(listener: RequestListener): void {
    this.#listener = listener;
    for (const [req, res] of this.#early.splice(0)) listener(req, res);
  }

  /** Stops accepting, lets requests in flight finish within the grace period, and cuts off the rest. */
  async stop(grace: number, logger: Logger): Promise<void> {
    this.#stopping = true;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    const idle = setInterval(() => this.#server.closeIdleConnections(), 20);
    const late = setTimeout(() => {
      logger.warn('aborting the requests that exceed the grace period', { grace: `${grace}ms` });
      this.#server.closeAllConnections();
    }, grace);
    await closed;
    clearInterval(idle);
    clearTimeout(late);
  }

  get #address(): AddressInfo {
    return this.#server.address() as AddressInfo;
  }
}
