import { describe, expect, test } from 'vitest';
import { CONVERTER_OPTIONS } from '../../src/config/converter-options.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';

function examine(given: Readonly<Record<string, string>>) {
  const providers = { environment: {}, folder: '/' };
  return examineOptions(CONVERTER_OPTIONS, given, { where: 'source', providers });
}

const messages = (given: Readonly<Record<string, string>>): readonly string[] =>
  examine(given).problems.map(({ message }) => message);

describe.each(['key', 'value'])('the %s converter', (side) => {
  test.each([
    ['org.apache.kafka.connect.json.JsonConverter', 'json'],
    ['io.confluent.connect.avro.AvroConverter', 'avro'],
    ['org.apache.kafka.connect.storage.StringConverter', 'string'],
    ['org.apache.kafka.connect.converters.ByteArrayConverter', 'bytearray'],
    ['io.debezium.converters.BinaryDataConverter', 'bytearray'],
  ])('by its class name %s', (name, short) => {
    const { options, problems } = examine({ [`${side}.converter`]: name });
    expect(problems).toEqual([]);
    expect(options.string(`${side}.converter`)).toBe(short);
  });

  test('what would change the records is refused', () => {
    expect(
      messages({
        [`${side}.converter.connect.meta.data`]: 'false',
        [`${side}.converter.scrub.invalid.names`]: 'true',
      }),
    ).toEqual([
      expect.stringContaining('sinks need the names'),
      expect.stringContaining('set schema.name.adjustment.mode'),
    ]);
    expect(messages({ [`${side}.converter.scrub.invalid.names`]: 'false' })).toEqual([]);
  });
});
