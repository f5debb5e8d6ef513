import { describe, expect, test } from 'vitest';
import { adjustFieldName, adjustFullName } from '../../src/model/name-adjustment.ts';

describe('names made valid for Avro as Debezium does (PITFALLS C11)', () => {
  test.each([
    ['my-topic.public.t$1.Value', 'my_topic.public.t_1.Value'],
    ['1st.public.t.Value', '_1st.public.t.Value'],
    ['shop.public.1st.Value', 'shop.public.1st.Value'],
    ['ünï.t', '_n_.t'],
  ])('avro: %s', (name, adjusted) => {
    expect(adjustFullName(name, 'avro')).toBe(adjusted);
    expect(adjustFullName(name, 'none')).toBe(name);
  });

  test.each([
    ['my-topic', 'my_u002dtopic'],
    ['a_b', 'a_u005fb'],
    ['1a', '_u0031a'],
    ['ł', '_u142'],
    ['名', '_u540d'],
  ])('avro_unicode: %s', (name, adjusted) => {
    expect(adjustFullName(name, 'avro_unicode')).toBe(adjusted);
  });

  test('a dot is not valid in a field', () => {
    expect(adjustFieldName('a.b', 'avro')).toBe('a_b');
    expect(adjustFieldName('a.b', 'avro_unicode')).toBe('a_u002eb');
    expect(adjustFieldName('9a', 'avro')).toBe('_9a');
  });
});
