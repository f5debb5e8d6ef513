import { expect, test } from 'vitest';
import { answerError, mayPass, serverReason } from '../../../src/sink/search/search-errors.ts';

test('reasons are one line, with what caused them', () => {
  const error = {
    type: 'mapper_parsing_exception',
    reason: 'failed to parse field [n]',
    caused_by: {
      type: 'input_coercion_exception',
      reason: 'out of range\n at [Source: REDACTED; byte offset: #22]',
    },
  };
  expect(serverReason(error)).toEqual({
    type: 'mapper_parsing_exception',
    text:
      'mapper_parsing_exception: failed to parse field [n] ' +
      '(input_coercion_exception: out of range)',
  });
  expect(serverReason('gateway').text).toBe('gateway');
  expect(serverReason(undefined).text).toBe('no reason given');
});

test('what passes is tried again, rights and shapes are not', () => {
  const busy = { type: 'circuit_breaking_exception', text: '' };
  expect(mayPass(400, busy)).toBe(true);
  expect(mayPass(503, { type: '', text: '' })).toBe(true);
  expect(mayPass(400, { type: 'mapper_parsing_exception', text: '' })).toBe(false);
  const codes = [401, 403, 429, 500, 400].map((status) => {
    return answerError('PUT x', { status, body: null, retryAfterMs: null }).code;
  });
  expect(codes).toEqual(['SINK_AUTH', 'SINK_AUTH', 'SINK_SERVER', 'SINK_SERVER', 'SINK_SCHEMA']);
});
