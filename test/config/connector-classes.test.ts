import { describe, expect, test } from 'vitest';
import { SINK_CLASSES, SOURCE_CLASSES } from '../../src/config/connector-classes.ts';
import { HTTP_OPTIONS } from '../../src/config/http-options.ts';
import type { Option } from '../../src/config/option.ts';
import { parseOptionValue } from '../../src/config/option-value.ts';
import { RUNTIME_OPTIONS } from '../../src/config/runtime-options.ts';
import { transportTable } from '../../src/config/transport-options.ts';

const classes = [...SOURCE_CLASSES, ...SINK_CLASSES];
const tables: [string, readonly Option[]][] = [
  ...classes.map(({ names, options }): [string, readonly Option[]] => [names.join(), options]),
  ['transport, embedded', transportTable('embedded').options],
  ['transport, kafka', transportTable('kafka').options],
  ['http', HTTP_OPTIONS],
  ['runtime', RUNTIME_OPTIONS],
];

describe.each(tables)('the table %s', (_name, options) => {
  test('names each property once', () => {
    const names = options.map(({ name }) => name);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  test('has defaults that its own types take', () => {
    for (const { name, type, default: text } of options) {
      if (text !== undefined)
        expect([name, parseOptionValue(type, text).kind]).toEqual([name, 'value']);
    }
  });

  test('gives a reason wherever it does not support', () => {
    for (const { name, status = 'supported', reason = '' } of options) {
      if (status !== 'supported') expect([name, reason]).not.toEqual([name, '']);
    }
  });

  test('keeps what sounds secret secret', () => {
    const open = options.filter(
      ({ name, secret, status = 'supported' }) =>
        /password|token(?!\.endpoint)|secret|jaas|keystore\.key/.test(name) &&
        status === 'supported' &&
        secret !== true,
    );
    expect(open).toEqual([]);
  });
});

test('no two classes share a name', () => {
  for (const list of [SOURCE_CLASSES, SINK_CLASSES]) {
    const names = list.flatMap(({ names: own }) => own);
    expect(new Set(names).size).toBe(names.length);
  }
});

test('rules name properties that their table has', () => {
  for (const { options, rules } of [...classes, transportTable('kafka')]) {
    const names = new Set(options.map(({ name }) => name));
    for (const { properties } of rules) {
      for (const property of properties) expect(names).toContain(property);
    }
  }
});
