// A strict JSON reader that is driven by the shape of the expected value: unknown and repeated
// members are refused by their path, and parameters keep their source text, so that no number
// is rounded. The shapes are not recursive, so neither is the reader: no input nests too deeply.
import { isUtf8 } from 'node:buffer';
import { Problem, type Code } from './problem.ts';

/** Reads one value. */
export type Read<T> = (r: Reader) => T;

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const word = /true|false|null/y;
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const [quote, backslash, blank] = [0x22, 0x5c, 0x20];

export class Reader {
  readonly #text: string;
  #at = 0;
  readonly #path: (string | number)[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  /** Decodes a request's whole body. */
  static decode<T>(body: Buffer, read: Read<T>): { value: T; text: string } {
    if (!isUtf8(body)) throw notJSON('the body is not UTF-8');
    const text = body.toString('utf8');
    const r = new Reader(text);
    const value = read(r);
    r.peek();
    if (r.#at < r.#text.length) r.#syntax('more text after the value');
    return { value, text };
  }

  object(member: (name: string) => void): void {
    let more = this.#open('{', '}');
    while (more) {
      if (this.peek() !== '"') this.#syntax('a member has no name');
      const name = this.string();
      if (this.peek() !== ':') this.#syntax('a name is not followed by a colon');
      this.#at++;
      this.#path.push(name);
      member(name);
      this.#path.pop();
      more = this.#more('}');
    }
  }

  array(item: () => void): void {
    let more = this.#open('[', ']');
    for (let i = 0; more; i++) {
      this.#path.push(i);
      item();
      this.#path.pop();
      more = this.#more(']');
    }
  }

  /** The first character of the next value; empty at the end. */
  peek(): string {
    for (;;) {
      const c = this.#text.charCodeAt(this.#at);
      if (c !== blank && c !== 0x0a && c !== 0x0d && c !== 0x09) return this.#text.charAt(this.#at);
      this.#at++;
    }
  }

  /** Skips null; false if the next value is another. */
  null(): boolean {
    return this.peek() === 'n' && this.scalar() === 'null';
  }

  string(): string {
    if (this.peek() !== '"') this.mismatch();
    const source = this.scalar();
    return source.includes('\\') ? (JSON.parse(source) as string) : source.slice(1, -1);
  }

  /** The source text of a string, number, boolean or null. */
  scalar(): string {
    const first = this.peek();
    const start = this.#at;
    if (first === '"') this.#string();
    else if (!this.#skip(number) && !this.#skip(word)) {
      if (first === '[' || first === '{') this.mismatch();
      this.#syntax(first === '' ? 'the text ends too soon' : 'a value is expected');
    }
    return this.#text.slice(start, this.#at);
  }

  /** Refuses the next value, because its type is another. */
  mismatch(): never {
    const c = this.peek();
    const kind = { '"': 'a string', '[': 'an array', '{': 'an object', t: 'a boolean', f: 'a boolean', n: 'null' }[c] ?? 'a number';
    if (!'"[{'.includes(c) || c === '') this.scalar(); // what is not JSON at all is reported as such
    this.fail('invalid_field', `is ${kind}, which is not allowed here`, 'see worker-openapi.yaml for the type of each field');
  }

  fail(code: Code, rule: string, hint: string): never {
    const field = this.path();
    throw new Problem(code, `${field || 'the body'} ${rule}`, { hint, ...(field && { field }) });
  }

  /** Where the reader is, as statements[0].types. */
  path(): string {
    let path = '';
    for (const p of this.#path) path += typeof p === 'number' ? `[${p}]` : path ? `.${p}` : p;
    return path.slice(0, 200).toWellFormed();
  }

  /** Enters an array or object; false if it is empty. */
  #open(open: string, close: string): boolean {
    if (this.peek() !== open) this.mismatch();
    this.#at++;
    if (this.peek() !== close) return true;
    this.#at++;
    return false;
  }

  #more(close: string): boolean {
    const c = this.peek();
    if (c !== ',' && c !== close) this.#syntax(c === '' ? 'the text ends too soon' : 'a comma is expected');
    this.#at++;
    return c === ',';
  }

  #string(): void {
    const start = this.#at++;
    let unicode = false;
    for (;;) {
      const c = this.#text.charCodeAt(this.#at);
      if (c === quote) break;
      if (c >= blank && c !== backslash) {
        this.#at++;
        continue;
      }
      if (c !== backslash || !this.#skip(escape)) this.#syntax('a string has an invalid character or no end');
      unicode ||= this.#text[this.#at - 5] === 'u';
    }
    this.#at++;
    if (unicode && !(JSON.parse(this.#text.slice(start, this.#at)) as string).isWellFormed()) {
      this.#syntax('a string has half of a surrogate pair', start);
    }
  }

  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) return false;
    this.#at = pattern.lastIndex;
    return true;
  }

  #syntax(what: string, at = this.#at): never {
    throw notJSON(`the body is not valid JSON at character ${at}: ${what}`);
  }
}

const notJSON = (detail: string) => new Problem('invalid_json', detail, { hint: 'send one JSON object in UTF-8' });

/** An object with these members; a missing one and null are undefined. */
export function shape<T extends Record<string, Read<unknown>>>(members: T): Read<{ [K in keyof T]?: ReturnType<T[K]> }> {
  return (r) => {
    const out: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    r.object((name) => {
      if (!Object.hasOwn(members, name)) {
        r.fail('unknown_field', 'is not a field of this request', 'remove it, or see worker-openapi.yaml for the known fields');
      }
      if (name in out) r.fail('invalid_field', 'appears more than once', 'send each field once');
      out[name] = r.null() ? undefined : members[name]?.(r);
    });
    return out as { [K in keyof T]?: ReturnType<T[K]> };
  };
}

export function list<T>(item: Read<T>): Read<T[]> {
  return (r) => {
    const out: T[] = [];
    r.array(() => out.push(item(r)));
    return out;
  };
}

/** Strings by name, in any number. */
export const dictionary: Read<Record<string, string>> = (r) => {
  const out: Record<string, string> = Object.create(null) as Record<string, string>;
  r.object((name) => {
    if (name in out) r.fail('invalid_field', 'appears more than once', 'send each field once');
    out[name] = r.string();
  });
  return out;
};

export const text: Read<string> = (r) => r.string();

export const flag: Read<boolean> = (r) => {
  if (!'tf'.includes(r.peek() || ' ')) r.mismatch();
  return r.scalar() === 'true';
};

/** An integer of at most 64 bits without a sign. */
export const uint64: Read<bigint> = (r) => {
  if (!/[-\d]/.test(r.peek())) r.mismatch();
  const source = r.scalar();
  if (!/^\d{1,20}$/.test(source) || BigInt(source) >= 1n << 64n) r.fail('invalid_field', 'must be an integer from 0 to 2^64-1', 'send a whole number');
  return BigInt(source);
};

/** A whole number that a double holds exactly. */
export const integer: Read<number> = (r) => {
  if (!/[-\d]/.test(r.peek())) r.mismatch();
  const source = r.scalar();
  if (!/^-?\d+$/.test(source) || !Number.isSafeInteger(Number(source))) r.fail('invalid_field', 'must be a whole number', 'send a smaller whole number');
  return Number(source);
};

/** A row of parameters: the source text of each value. */
export const row: Read<string[]> = (r) => {
  const out: string[] = [];
  r.array(() => out.push(r.scalar()));
  return out;
};
