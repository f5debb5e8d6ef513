import { expect, test } from 'vitest';
import { TidemarkError } from '../../src/foundation/errors.ts';
import { TransformFailure } from '../../src/transform/transform-failure.ts';
import {
  letterContext,
  letterHeaders,
  originalHeaders,
  sourceLetterContext,
  sourceLetterHeaders,
} from '../../src/runtime/dead-letter-headers.ts';

const CLASSES = { KEY_CONVERTER: 'K', VALUE_CONVERTER: 'V', TRANSFORMATION: 'T', TASK_PUT: 'P' };
const ORIGIN = { topic: 'shop.é', partition: 3, offset: 9_007_199_254_740_000, generation: 2 };

test("Connect's headers, in its order, and what is read back of them", () => {
  const error = new TidemarkError('SINK_RECORD', 'not so', { cause: new Error('a value') });
  const headers = letterHeaders(ORIGIN, 'w', { stage: 'VALUE_CONVERTER', error }, CLASSES);
  const texts = headers.map(({ name, value }) => [name, value?.toString()]);
  const data = 'org.apache.kafka.connect.errors.DataException';
  expect(texts.slice(0, 9)).toEqual([
    ['__connect.errors.topic', 'shop.é'],
    ['__connect.errors.partition', '3'],
    ['__connect.errors.offset', '9007199254740000'],
    ['__connect.errors.connector.name', 'w'],
    ['__connect.errors.task.id', '0'],
    ['__connect.errors.stage', 'VALUE_CONVERTER'],
    ['__connect.errors.class.name', 'V'],
    ['__connect.errors.exception.class.name', data],
    ['__connect.errors.exception.message', 'not so'],
  ]);
  const [name, trace] = texts[9] ?? [];
  expect(name).toBe('__connect.errors.exception.stacktrace');
  expect(trace?.startsWith(`${data}: not so\n\tat `)).toBe(true);
  expect(trace).not.toContain('a value');
  expect(letterContext(headers)).toEqual({
    ...ORIGIN,
    sink: 'w',
    stage: 'VALUE_CONVERTER',
    code: 'SINK_RECORD',
    message: 'not so',
  });
});

test('headers of the record stand in front, also those of an earlier failure', () => {
  const error = new TidemarkError('SINK_RECORD', 'not so');
  const own = [{ name: 'mine', value: null }];
  const first = letterHeaders(ORIGIN, 'a', { stage: 'TASK_PUT', error }, CLASSES);
  const again = letterHeaders({ ...ORIGIN, offset: 1 }, 'b', { stage: 'TASK_PUT', error }, CLASSES);
  const all = [...own, ...first, ...again];
  expect(originalHeaders(all)).toEqual([...own, ...first]);
  expect(letterContext(all)).toMatchObject({ sink: 'b', offset: 1 });
  expect(letterContext(own)).toBeNull();
  expect(originalHeaders(own)).toBe(own);
});

test('of a transform that fails the class is told, where it has one in Java', () => {
  const classes = { ...CLASSES, transforms: new Map([['bad', 'org.Bad$Value']]) };
  const classOf = (transform: string) => {
    const error = new TransformFailure(transform, 'TRANSFORM', 'not so', {});
    const headers = letterHeaders(ORIGIN, 'w', { stage: 'TRANSFORMATION', error }, classes);
    return headers.find(({ name }) => name === '__connect.errors.class.name')?.value?.toString();
  };
  expect([classOf('bad'), classOf('mine')]).toEqual(['org.Bad$Value', 'T']);
});

test('letters of a source have no place in the log, and those of sinks are not its', () => {
  const error = new TidemarkError('TRANSFORM', 'not so');
  const failure = { stage: 'TRANSFORMATION', error } as const;
  const of = sourceLetterHeaders('shop.a', 'shop', failure, CLASSES);
  expect(letterContext(of)).toBeNull();
  expect(sourceLetterContext(of)).toEqual({
    topic: 'shop.a',
    connector: 'shop',
    stage: 'TRANSFORMATION',
    code: 'TRANSFORM',
    message: 'not so',
  });
  expect(sourceLetterContext(letterHeaders(ORIGIN, 'w', failure, CLASSES))).toBeNull();
  expect(sourceLetterContext([])).toBeNull();
});
