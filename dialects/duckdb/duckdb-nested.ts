import { TidemarkError } from '../../src/foundation/errors.ts';
import type { ConnectSchema, ConnectValue } from '../../src/model/connect-schema.ts';
import { mismatch } from '../connect-values.ts';
import type { Scalar, Value } from './duckdb-scalars.ts';
import { POINT_TYPE, scalarOf } from './duckdb-scalars.ts';

/*
 * Lists and maps travel as JSON whose leaves are texts: DuckDB makes VARCHAR[] of it and casts each
 * element, so an element is read by the same cast as a value of its own, with all its digits.
 */

/** Types that are the elements' own, and of which an ENUM or a STRUCT would make a list rigid. */
function elementType(ddl: string): string {
  return ddl === POINT_TYPE || ddl.startsWith('ENUM(') ? 'VARCHAR' : ddl;
}

function items(value: ConnectValue): readonly ConnectValue[] {
  if (Array.isArray(value)) return value as readonly ConnectValue[];
  throw mismatch('an array', value);
}

/** The element's schema has no parameters: what its column says of its source counts. */
function elementOf({ valueSchema, parameters }: ConnectSchema): ConnectSchema {
  if (valueSchema === undefined) {
    throw new TidemarkError('SINK_SCHEMA', 'a list or map whose schema names no elements', {
      cure: 'Leave the column out with column.exclude.list.',
    });
  }
  return parameters === undefined
    ? valueSchema
    : { ...valueSchema, parameters: { ...parameters, ...valueSchema.parameters } };
}

function leaf(schema: ConnectSchema): Scalar {
  const { ddl, text, elementText = text } = scalarOf(schema);
  return { ddl: elementType(ddl), text: (value) => JSON.stringify(elementText(value)) };
}

function shown(value: ConnectValue, text: Scalar['text']): string {
  return value === null ? 'null' : text(value);
}

function listOf(schema: ConnectSchema): Scalar {
  const element = elementOf(schema);
  const { ddl, text } = element.type === 'array' ? listOf(element) : leaf(element);
  return {
    ddl: `${ddl}[]`,
    text: (value) =>
      `[${items(value)
        .map((item) => shown(item, text))
        .join(',')}]`,
  };
}

function mapOf(schema: ConnectSchema): Scalar {
  const { text } = leaf(elementOf(schema));
  const entry = ([key, value]: readonly [string | number, ConnectValue]): string =>
    `${JSON.stringify(String(key))}:${shown(value, text)}`;
  return {
    ddl: 'MAP(VARCHAR, VARCHAR)',
    text: (value: Value) => {
      if (!(value instanceof Map)) throw mismatch('a map', value);
      const entries = value as ReadonlyMap<string | number, ConnectValue>;
      return `{${[...entries].map(entry).join(',')}}`;
    },
  };
}

/** What becomes of values of any schema. Throws SINK_SCHEMA for what nobody knows. */
export function duckdbScalar(schema: ConnectSchema): Scalar {
  if (schema.type === 'array') return listOf(schema);
  return schema.type === 'map' ? mapOf(schema) : scalarOf(schema);
}
