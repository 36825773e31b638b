// Errors as clients see them: RFC 9457 problem documents (shared/api/problem.go has all codes).

/** The codes that a worker uses, with the HTTP status and the title of each. */
const codes = {
  invalid_json: [400, 'The body is not valid JSON'],
  body_too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'The body is not declared as JSON'],
  missing_field: [400, 'A required field is missing'],
  unknown_field: [400, 'The request has an unknown field'],
  invalid_field: [400, 'A field has an invalid value'],
  invalid_identifier: [400, 'A name is not a valid identifier'],
  syntax_error: [400, 'The SQL text cannot be parsed'],
  unsupported: [400, 'This is not supported'],
  too_complex: [400, 'The request is too large or too deep'],
  unknown_database: [404, 'The database does not exist'],
  unknown_table: [404, 'The table does not exist'],
  database_exists: [409, 'The database already exists'],
  table_exists: [409, 'The table already exists'],
  idempotency_mismatch: [422, 'The Idempotency-Key was used for another request'],
  not_found: [404, 'The path does not exist'],
  method_not_allowed: [405, 'The method is not allowed for this path'],
  unauthorized: [401, 'The token is missing or wrong'],
  forbidden: [403, 'This request is not allowed'],
  duplicate_key: [409, 'A row with this key already exists'],
  null_violation: [422, 'A column cannot be NULL'],
  value_too_long: [422, 'A value is too long for its column'],
  out_of_range: [422, "A value is out of its type's range"],
  conversion_failed: [422, 'A value cannot be converted to its type'],
  divide_by_zero: [422, 'Division by zero'],
  stale_term: [409, 'A newer primary has taken over'],
  stale_map: [409, 'The slot map has changed'],
  stale_schema: [409, "The table's definition has changed"],
  wrong_shard: [409, 'The worker holds a different shard'],
  shard_unavailable: [503, 'A shard cannot be reached'],
  storage_failed: [503, "A worker's storage has failed"],
  shard_timeout: [504, 'A shard did not answer in time'],
  overloaded: [503, 'Too many requests are in progress'],
  canceled: [499, 'The request was cancelled'],
  outcome_unknown: [504, 'The outcome of the write is unknown'],
  internal: [500, 'Internal error'],
} as const satisfies Record<string, readonly [number, string]>;

export type Code = keyof typeof codes;

/** The members of a problem that depend on the case. */
export interface Details {
  hint?: string;
  field?: string;
  sql_number?: number;
  column?: string;
  row?: number;
  primary?: string;
  term?: bigint;
  map_version?: bigint;
}

/** A problem as it is passed between threads. */
export interface ProblemData extends Details {
  code: Code;
  detail: string;
}

/** An error with a known cause. It is immutable: `with` returns a copy. */
export class Problem extends Error {
  readonly data: Readonly<ProblemData>;

  constructor(code: Code, detail: string, details: Details = {}) {
    super(`${code}: ${detail}`);
    this.data = { code, detail, ...details };
  }

  static from({ code, detail, ...details }: ProblemData): Problem {
    return new Problem(code, detail, details);
  }

  get code(): Code {
    return this.data.code;
  }

  get status(): number {
    return codes[this.data.code][0];
  }

  with(details: Details): Problem {
    return Problem.from({ ...this.data, ...details });
  }

  /** The document for a client. Terms are 64-bit numbers, which `toJSON` keeps exact. */
  document(requestID: string): Record<string, unknown> {
    const { code, detail, ...details } = this.data;
    const [status, title] = codes[code];
    return { type: `urn:shardeck:problem:${code}`, title, status, detail, code, ...details, request_id: requestID };
  }
}

declare global {
  interface JSON {
    rawJSON(text: string): unknown; // of ES2026, which TypeScript's libraries lack so far
  }
}

/** JSON text of a value; a bigint becomes a number with all its digits. */
export function toJSON(value: unknown): string {
  return JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? JSON.rawJSON(v.toString()) : v));
}

/** The problem for an error: an unknown one becomes internal, and reveals nothing. */
export function problemOf(err: unknown): Problem {
  if (err instanceof Problem) return err;
  return new Problem('internal', "an unexpected error occurred; see the service's log for this request_id");
}

export const missing = (field: string) =>
  new Problem('missing_field', `${field} is missing or empty`, { field, hint: 'see worker-openapi.yaml for the required fields' });

export const invalid = (field: string, rule: string) => new Problem('invalid_field', `${field} ${rule}`, { field });

export const unknownDatabase = (name: string) =>
  new Problem('unknown_database', `database ${name} does not exist here`, { field: 'db_name', hint: 'create it first, or check the name' });

export const unknownTable = (name: string) =>
  new Problem('unknown_table', `table ${name} does not exist here`, { field: 'table', hint: 'create it first, or check the name' });

export const closed = () =>
  new Problem('shard_unavailable', 'the worker is shutting down', { hint: 'send the request again once it is back' });

export const canceled = () => new Problem('canceled', 'the request was cancelled');

export const notBegun = () =>
  new Problem('overloaded', 'the write did not begin in time; nothing was done', { hint: 'send it again, or allow more time' });

/** A row of an answer must be shorter than this, in bytes of JSON. */
export const maxRow = 16 << 20;

export const rowTooLarge = () =>
  new Problem('too_complex', `a row of the answer takes more than ${maxRow} bytes as JSON`, {
    hint: 'select fewer columns, or a SUBSTRING of the long ones',
  });
