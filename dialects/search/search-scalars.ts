import { TidemarkError } from '../../src/foundation/errors.ts';
import type { JsonObject } from '../../src/foundation/lossless-json.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import { DECIMAL, POSTGRES_SOURCE_TYPE } from '../../src/model/connect-schema.ts';
import { asString, mismatch } from '../connect-values.ts';
import { bitsText, variableDecimalText } from '../exact-texts.ts';
import { mysqlSourceType } from '../mysql-type-name.ts';
import { shapeField } from './search-geometry.ts';
import { jsonField } from './search-json.ts';
import {
  BOOLEAN,
  decimalField,
  decimalTextField,
  DOUBLE_FIELD,
  SINGLE_FIELD,
  unsignedField,
  WHOLE,
} from './search-numbers.ts';
import { networkField, rangeField } from './search-ranges.ts';
import type { SearchField, SearchTarget, Value } from './search-target.ts';
import { KEYWORD, TEXT } from './search-target.ts';
import { timeField } from './search-times.ts';

function text(mapping: JsonObject): SearchField {
  return { mapping, encode: (value) => JSON.stringify(asString(value)) };
}

const WORDS = text(TEXT);
const EXACT = text(KEYWORD);

/**
 * An address. One with a netmask, which an `inet` may have, is no address to the index: it is found
 * by its text, `name.exact`.
 */
const ADDRESS = text({ type: 'ip', ignore_malformed: true, fields: { exact: KEYWORD } });

function base64(value: Value): string {
  if (Buffer.isBuffer(value)) return `"${value.toString('base64')}"`;
  throw mismatch('bytes', value);
}

/** Kept, and not searched: `binary` in both products. */
const BYTES: SearchField = { mapping: { type: 'binary' }, encode: base64 };
/** Short ones are ids more often than not, and found by their base64. */
const SHORT_BYTES: SearchField = { mapping: KEYWORD, encode: base64 };
const SHORT_MAX = 255;

/** Debezium's form of a bit varying lacks its zeros in front. */
function bits(schema: ConnectSchema): SearchField {
  const isVarying = postgresType(schema).startsWith('bit varying');
  const shown = bitsText(isVarying ? 0 : Number(schema.parameters?.['length'] ?? '0'));
  return { mapping: KEYWORD, encode: (value) => JSON.stringify(shown(value)) };
}

/** Members, each of which is found; their names have no commas. */
const MEMBERS: SearchField = {
  mapping: KEYWORD,
  encode: (value) => {
    const set = asString(value);
    return set === '' ? '[]' : JSON.stringify(set.split(','));
  },
};

function postgresType({ parameters }: ConnectSchema): string {
  return parameters?.[POSTGRES_SOURCE_TYPE] ?? '';
}

/** Types of PostgreSQL whose text is one term, not words. */
const TERMS = new Set(
  `"char" name macaddr macaddr8 pg_lsn xid xid8 cid tid refcursor int2vector oidvector pg_snapshot
    txid_snapshot regclass regcollation regconfig regdictionary regnamespace regoper regoperator
    regproc regprocedure regrole regtype regdatabase tsquery jsonpath bytea bit interval ean13
    isbn13 ismn13 issn13 isbn ismn issn upc lquery ltxtquery time`.split(/\s+/),
);

/** A plain text, which says more by the type that its source has for it. */
function textField(schema: ConnectSchema, target: SearchTarget): SearchField {
  const source = mysqlSourceType(schema);
  if (source !== null) {
    if (source.base === 'decimal') return decimalTextField(schema);
    if (source.base.startsWith('inet')) return ADDRESS;
    // binary.handling.mode may have made a text of them.
    return /(?:blob|binary|^bit)$/.test(source.base) ? EXACT : WORDS;
  }
  const type = postgresType(schema);
  const base = type.replace(/^(?:[^(.]+\.)?("char"|\w+).*$/, '$1');
  switch (base) {
    case 'inet':
      return ADDRESS;
    case 'cidr':
      return networkField(target);
    case 'numeric':
    case 'money':
      return decimalTextField(schema);
    default:
      return rangeField(type, target) ?? (TERMS.has(base) ? EXACT : WORDS);
  }
}

const SEMANTIC: Readonly<Record<string, SearchField>> = {
  'io.debezium.data.Uuid': EXACT,
  'io.debezium.data.Enum': EXACT,
  'io.debezium.data.EnumSet': MEMBERS,
  'io.debezium.data.Ltree': EXACT,
  'io.debezium.data.Xml': WORDS,
  'io.debezium.data.Tsvector': WORDS,
};

function namedField(schema: ConnectSchema, target: SearchTarget): SearchField | undefined {
  const { name = '' } = schema;
  switch (name) {
    case 'io.debezium.data.Json':
      return jsonField(target);
    case 'io.debezium.data.Bits':
      return bits(schema);
    case 'io.debezium.data.VariableScaleDecimal':
      return decimalField(schema, variableDecimalText);
    case DECIMAL: {
      const source = mysqlSourceType(schema);
      const isUnsigned = source?.base === 'bigint' && source.unsigned;
      return isUnsigned ? unsignedField(target) : decimalField(schema);
    }
    default:
      return SEMANTIC[name] ?? timeField(schema);
  }
}

function bytesField(schema: ConnectSchema): SearchField {
  const source = mysqlSourceType(schema);
  const isShort = source !== null && source.base.endsWith('binary');
  return isShort && (source.length ?? 1) <= SHORT_MAX ? SHORT_BYTES : BYTES;
}

function primitive(schema: ConnectSchema, target: SearchTarget): SearchField | undefined {
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return WHOLE;
    case 'float32':
      return SINGLE_FIELD;
    case 'float64':
      return DOUBLE_FIELD;
    case 'boolean':
      return BOOLEAN;
    case 'bytes':
      return bytesField(schema);
    case 'string':
      return textField(schema, target);
    default:
      return undefined;
  }
}

/**
 * What becomes of values that are no arrays and maps, nor structs that nobody knows; undefined for
 * those.
 */
export function scalarField(schema: ConnectSchema, target: SearchTarget): SearchField | undefined {
  return (
    namedField(schema, target) ??
    (schema.type === 'struct' ? shapeField(schema, target) : primitive(schema, target))
  );
}

/** SINK_SCHEMA: a schema that says too little, or of which nothing is known. */
export function unknownSchema(schema: ConnectSchema): TidemarkError {
  const what = schema.name ?? schema.type;
  return new TidemarkError('SINK_SCHEMA', `no field of a search index for the schema ${what}`, {
    cure: 'Leave the column out with column.exclude.list.',
  });
}
