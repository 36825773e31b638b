// The log on standard error: key=value text or JSON, a record a line.

const levels = ['debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof levels)[number];
export const logLevels: readonly string[] = levels;
export const logFormats: readonly string[] = ['text', 'json'];

type Attributes = Record<string, unknown>;

export class Logger {
  readonly #json: boolean;
  readonly #level: number;

  constructor(format: string, level: string) {
    this.#json = format === 'json';
    this.#level = levels.indexOf(level as Level);
  }

  enabled(level: Level): boolean {
    return levels.indexOf(level) >= this.#level;
  }

  log(level: Level, msg: string, attributes: Attributes = {}): void {
    if (!this.enabled(level)) return;
    const record: Attributes = { time: new Date().toISOString(), level: level.toUpperCase(), msg };
    for (const [k, v] of Object.entries(attributes)) record[k] = v instanceof Error ? (v.stack ?? v.message) : v;
    const line = this.#json ? JSON.stringify(record) : Object.entries(record).map(([k, v]) => `${k}=${textOf(v)}`).join(' ');
    process.stderr.write(`${line}\n`);
  }

  info(msg: string, attributes?: Attributes): void {
    this.log('info', msg, attributes);
  }

  warn(msg: string, attributes?: Attributes): void {
    this.log('warn', msg, attributes);
  }

  error(msg: string, attributes?: Attributes): void {
    this.log('error', msg, attributes);
  }
}

function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null);
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}
