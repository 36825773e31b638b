// The connection string. No error repeats anything of it: a typo may have put the password where
// a name or a number belongs.
import fs from 'node:fs';
import type { ConnectionConfiguration } from 'tedious';

/** A parsed connection string. */
export interface Server {
  /** Host and port, or host and instance, for messages. */
  address: string;
  config: ConnectionConfiguration;
}

const form = 'sqlserver://user:password@host:1433?encrypt=true (see docs/sql-server.md)';
const encode = 'characters such as @ : / ? # & % in the user or the password must be percent-encoded';
const appName = 'shardeck-worker';

type Options = NonNullable<ConnectionConfiguration['options']>;

const whole = (least: number, most: number) => (v: string): number | undefined => (/^\d{1,6}$/.test(v) && Number(v) >= least && Number(v) <= most ? Number(v) : undefined);
const truth = (v: string): boolean | undefined => ({ true: true, yes: true, '1': true, false: false, no: false, '0': false })[v.toLowerCase()];
const text = (v: string): string | undefined => v || undefined;

/** The options by their names in lower case: what each sets, undefined if its value is invalid. */
const options: Record<string, (value: string) => Options | undefined> = {
  encrypt: (v) => {
    const mode = v.toLowerCase();
    if (mode === 'strict') return { encrypt: 'strict' };
    if (mode === 'disable') return { encrypt: false };
    return truth(mode === 'mandatory' ? 'true' : mode) ? { encrypt: true } : undefined;
  },
  trustservercertificate: set('trustServerCertificate', truth),
  hostnameincertificate: set('serverName', text),
  certificate: (v) => {
    try {
      return { cryptoCredentialsDetails: { ca: fs.readFileSync(v) } };
    } catch {
      return undefined;
    }
  },
  tlsmin: (v) => (v === '1.2' || v === '1.3' ? { cryptoCredentialsDetails: { minVersion: `TLSv${v}` } } : undefined),
  database: set('database', text),
  'app name': set('appName', text),
  'workstation id': set('workstationId', text),
  'packet size': set('packetSize', whole(512, 32767)),
  'dial timeout': (v) => seconds(v),
  'connection timeout': (v) => seconds(v),
  multisubnetfailover: set('multiSubnetFailover', truth),
};

/** Options of the worker in Go that tedious has no equivalent for. */
const unsupported = [
  'servercertificate', 'epa enabled', 'keepalive', 'protocol', 'pipe', 'failoverpartner', 'failoverport', 'failoverpartnerspn', 'serverspn',
  'authenticator', 'trusted_connection', 'integrated security', 'krb5-configfile', 'krb5-realm', 'krb5-keytabfile', 'krb5-credcachefile',
  'krb5-dnslookupkdc', 'krb5-udppreferencelimit',
];

function set(name: keyof Options, read: (v: string) => unknown): (v: string) => Options | undefined {
  return (v) => {
    const value = read(v);
    return value === undefined ? undefined : { [name]: value };
  };
}

function seconds(v: string): Options | undefined {
  const n = whole(1, 3600)(v);
  return n === undefined ? undefined : { connectTimeout: n * 1000 };
}

export function parseDSN(dsn: string, connectTimeout: number): Server {
  if (!dsn.trim()) throw new Error(`the connection string is empty: set it to ${form}`);
  if (!dsn.startsWith('sqlserver://')) throw new Error(`the connection string is invalid: use the form ${form}`);
  // What follows a # is the rest of a password that contains one.
  const url = /[#\s]/.test(dsn) ? null : URL.parse(dsn);
  const user = url && decoded(url.username);
  const password = url && decoded(url.password);
  if (!url || user === undefined || user === null || password === undefined || password === null) {
    throw new Error(`the connection string is not a valid URL: ${encode}; its port must be a number`);
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const instance = url.pathname.replace(/^\//, '');
  if (!/^[\p{L}\d._:%-]+$/u.test(host) || !/^[\p{L}\d_$]*$/u.test(instance)) {
    throw new Error(`the connection string's host or instance is not a name: ${encode}`);
  }
  const found = readOptions(url.searchParams);
  if (!user || !password) {
    throw new Error('the connection string has no user or no password: this worker supports SQL Server logins only; for Windows accounts, use the worker in Go');
  }
  const port = url.port ? Number(url.port) : 1433;
  const named = instance !== '' && !url.port;
  return {
    address: named ? `${host}\\${instance}` : `${url.hostname}:${port}`,
    config: {
      server: host,
      authentication: { type: 'default', options: { userName: user, password } },
      options: {
        encrypt: true, appName, connectTimeout, packetSize: 16384, ...found,
        ...(named ? { instanceName: instance } : { port }),
        // Whether a statement can be sent again is up to the worker.
        maxRetriesOnTransientErrors: 0, requestTimeout: 0, cancelTimeout: 1000, fallbackToDefaultDb: false,
      },
    },
  };
}

function readOptions(params: URLSearchParams): Options {
  const found: Options = {};
  const seen = new Set<string>();
  for (const [key, value] of params) {
    const name = key.toLowerCase();
    if (name === 'applicationintent') {
      throw new Error('the connection string requests a replica by applicationintent, but a worker writes: remove it');
    }
    if (unsupported.includes(name)) throw new Error(`the connection string has the option "${name}", which this worker does not support: use the worker in Go`);
    const read = Object.hasOwn(options, name) ? options[name] : undefined;
    // The name is not repeated: it may be part of a password that contains ? or &.
    if (!read) throw new Error(`the connection string has an unknown option: check the spelling of all options; ${encode}`);
    if (seen.has(name)) throw new Error(`the connection string has the option "${name}" more than once`);
    seen.add(name);
    const option = read(value);
    if (!option) {
      throw new Error(`the connection string's option "${name}" has an invalid value; encrypt is true, strict or disable, and a certificate is the path of a readable .pem file`);
    }
    const tls = { ...found.cryptoCredentialsDetails, ...option.cryptoCredentialsDetails };
    Object.assign(found, option, Object.keys(tls).length > 0 && { cryptoCredentialsDetails: tls });
  }
  return found;
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
