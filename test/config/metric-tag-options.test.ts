import { expect, test } from 'vitest';
import { metricTags } from '../../src/config/metric-tag-options.ts';
import { examinedSource, sourceProblems } from '../support/examined-source.ts';

test.each([
  ['', {}],
  ['team=shop', { team: 'shop' }],
  ['k1=v1, k2 = a=b ,k3=', { k1: 'v1', k2: 'a=b', k3: '' }],
])('%j means %j', (text, expected) => {
  const { options, problems } = examinedSource({ 'custom.metric.tags': text });
  expect(problems).toEqual([]);
  expect(metricTags(options)).toEqual(expected);
});

test.each([
  ['team', 'has team, which is not of the form tag=value'],
  ['a-b=c', 'has the tag a-b: a label has letters, digits and underscores'],
  ['1a=c', 'has the tag 1a: a label'],
  ['__a=c', 'has the tag __a: a label'],
  ['=c', 'has the tag : a label'],
  ['a=1,b=2,a=3', 'has the tag a twice'],
  ['context=x', 'has the tag context, a label that metrics have already'],
])('%j is refused', (text, message) => {
  expect(sourceProblems({ 'custom.metric.tags': text })).toEqual([
    expect.stringContaining(`custom.metric.tags ${message}`),
  ]);
});
