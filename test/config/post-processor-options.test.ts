import { describe, expect, test } from 'vitest';
import {
  POST_PROCESSOR_OPTIONS,
  POST_PROCESSOR_RULES,
  postProcessorSettings,
} from '../../src/config/post-processor-options.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';

function examine(input: Readonly<Record<string, unknown>>) {
  return examineOptions(POST_PROCESSOR_OPTIONS, input, {
    where: 'source',
    providers: { environment: {}, folder: '/' },
    rules: POST_PROCESSOR_RULES,
  });
}

test('the configuration of the original, with its defaults', () => {
  const { options, problems } = examine({
    'post.processors': 'reselector',
    'reselector.type': 'io.debezium.processors.reselect.ReselectColumnsPostProcessor',
    'reselector.reselect.columns.include.list': 'public.t:a,public.t:b',
  });
  expect(problems).toEqual([]);
  expect(postProcessorSettings(options)).toEqual([
    {
      name: 'reselector',
      columnInclude: [/^(?:public.t:a)$/i, /^(?:public.t:b)$/i],
      columnExclude: [],
      unavailableValues: true,
      nullValues: true,
      useEventKey: false,
      onError: 'warn',
    },
  ]);
});

test('by its short name, with all that can be set', () => {
  const { options, problems } = examine({
    'post.processors': 'r',
    'r.type': 'reselect',
    'r.reselect.columns.exclude.list': '.*:note',
    'r.reselect.null.values': false,
    'r.reselect.use.event.key': true,
    'r.reselect.error.handling.mode': 'FAIL',
  });
  expect(problems).toEqual([]);
  expect(postProcessorSettings(options)).toMatchObject([
    { columnExclude: [/^(?:.*:note)$/i], nullValues: false, useEventKey: true, onError: 'fail' },
  ]);
});

describe('refused', () => {
  const lists = {
    'r.reselect.columns.include.list': 'a',
    'r.reselect.columns.exclude.list': 'b',
  };
  const nothing = { 'r.reselect.null.values': false, 'r.reselect.unavailable.values': 'false' };
  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['no type', {}, 'type is required'],
    ['another type', { 'r.type': 'com.acme.Mine' }, 'must be one of reselect'],
    ['both lists', { 'r.type': 'reselect', ...lists }, 'exclude each other'],
    ['nothing to do', { 'r.type': 'reselect', ...nothing }, 'reads neither'],
    [
      'a slip in a name',
      { 'r.type': 'reselect', 'r.reselect.null.value': true },
      'did you mean reselect.null.values?',
    ],
    ['a name twice', { 'post.processors': 'r,r', 'r.type': 'reselect' }, 'r is named twice'],
  ])('%s', (_, input, text) => {
    const { problems } = examine({ 'post.processors': 'r', ...input });
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining(text)]);
  });
});
