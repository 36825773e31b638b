// The tables of a database, as its own table _sd_tables records them.
import type { Connection } from './connection.ts';
import { Problem, unknownTable } from './problem.ts';
import { versionOf, type TableDef } from './table.ts';

export interface Table {
  /** Its name in lower case. */
  key: string;
  definition: TableDef;
  version: string;
  rows: number;
}

/** Tables by their names in lower case. */
export type Catalog = Map<string, Table>;

export function newTable(definition: TableDef, rows = 0): Table {
  return { key: definition.name.toLowerCase(), definition, version: versionOf(definition), rows };
}

export function loadCatalog(conn: Connection): Catalog {
  const catalog: Catalog = new Map();
  for (const [definition, rows] of conn.all('SELECT definition, rows FROM _sd_tables')) {
    const t = newTable(JSON.parse(definition as string) as TableDef, Number(rows));
    catalog.set(t.key, t);
  }
  return catalog;
}

/** The table, if it is as a request expects it. */
export function expectTable(catalog: Catalog, name: string, version?: string): Table {
  const t = catalog.get(name.toLowerCase());
  if (!t) throw unknownTable(name);
  if (version !== undefined && t.version !== version) {
    throw new Problem('stale_schema', `table ${t.definition.name} has definition ${t.version} here, not ${version}`, {
      hint: "load the table's definition and build the request again",
    });
  }
  return t;
}
