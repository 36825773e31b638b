// A table's definition, and the version that identifies it.
import { hash } from 'node:crypto';
import { flag, list, shape, text, type Read } from './json.ts';

export interface ColumnDef {
  name: string;
  type: string;
  nullable: boolean;
  default?: string;
}

export interface TableDef {
  name: string;
  columns: ColumnDef[];
  primary_key?: string[];
  unique?: string[][];
  shard_key?: string;
  distribution?: string;
  indexes?: IndexDef[];
}

export interface IndexDef {
  name: string;
  columns: { name: string; descending?: true }[];
}

const column = shape({ name: text, type: text, nullable: flag, default: text });

/** Reads a definition. Empty members are left out, and all are in a fixed order: see `versionOf`. */
export const tableDef: Read<TableDef> = (r) => {
  const d = fields(r);
  return {
    name: d.name ?? '',
    columns: (d.columns ?? []).map((c) => ({
      name: c.name ?? '',
      type: c.type ?? '',
      nullable: c.nullable ?? false,
      ...(c.default && { default: c.default }),
    })),
    ...(d.primary_key?.length && { primary_key: d.primary_key }),
    ...(d.unique?.length && { unique: d.unique }),
    ...(d.shard_key && { shard_key: d.shard_key }),
    ...(d.distribution && { distribution: d.distribution }),
    ...(d.indexes?.length && { indexes: d.indexes.map(indexDef) }),
  };
};

const index = shape({ name: text, columns: list(shape({ name: text, descending: flag })) });

function indexDef(d: ReturnType<typeof index>): IndexDef {
  return {
    name: d.name ?? '',
    columns: (d.columns ?? []).map((c) => ({ name: c.name ?? '', ...(c.descending && { descending: true as const }) })),
  };
}

const fields = shape({
  name: text,
  columns: list(column),
  primary_key: list(text),
  unique: list(list(text)),
  shard_key: text,
  distribution: text,
  indexes: list(index),
});

/** 16 hex digits of the SHA-256 of the definition's JSON without its indexes, as api.TableDef.Version of the Go code. */
export function versionOf(definition: TableDef): string {
  return hash('sha256', JSON.stringify({ ...definition, indexes: undefined }), 'hex').slice(0, 16);
}
