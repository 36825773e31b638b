// The program: reads the configuration, serves until it is told to stop, and closes the files.
import './nodeversion.js';
import { isIP } from 'node:net';
import metadata from '../package.json' with { type: 'json' };
import { createApp } from './app.ts';
import { UsageError, parse, type Config } from './config.ts';
import { dataDir, openEngine } from './engine.ts';
import { Logger } from './log.ts';
import { Server } from './server.ts';

async function main(): Promise<void> {
  const config = parse(process.argv.slice(2), process.env, metadata.version);
  if (typeof config === 'string') {
    process.stdout.write(`${config}\n`);
    return;
  }
  const logger = new Logger(config.logFormat, config.logLevel);
  // Whoever reads the output may end first; that must not end the worker before it has closed its files.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);
  const stopped = untilStopped(config, logger);
  // The port is opened before the files, so that of two workers started by mistake the second
  // touches nothing.
  const server = new Server();
  await server.listen(config.host, config.port);
  const name = config.name || `worker-${server.port}`;
  const engine = await openEngine(config, name, logger, exit);
  server.serve(createApp({ engine, logger, name, token: config.token, version: metadata.version, loopback: isLoopback(config.host), state: await engine.state() }));
  logger.info('worker is up', { name, url: server.url, engine: engine.name, engine_version: engine.version, data_dir: dataDir(config, name) });
  process.stdout.write(`listening on ${server.url}\n`);
  await stopped;
  await server.stop(config.grace, logger);
  await engine.close();
}

/** Waits for a signal or, if requested, for the end of standard input. A second signal kills. */
function untilStopped(config: Config, logger: Logger): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      process.off('SIGTERM', stop).off('SIGINT', stop);
      resolve();
    };
    process.on('SIGTERM', stop).on('SIGINT', stop);
    if (!config.exitWithParent) return;
    const ended = () => {
      logger.info('standard input was closed: stopping');
      stop();
    };
    process.stdin.on('end', ended).on('error', ended).resume();
  });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function exit(err: unknown): never {
  const usage = err instanceof UsageError;
  const message = err instanceof Error ? err.message : String(err);
  process.stderr.write(`shardeck-worker-node: ${message}${usage ? '; see --help' : ''}\n`);
  process.exit(usage ? 2 : 1);
}

try {
  await main();
  process.exit(0);
} catch (err) {
  exit(err);
}
