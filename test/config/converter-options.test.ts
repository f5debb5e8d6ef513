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

  test('with what a connector has for a registry of Confluent', () => {
    const { options, problems } = examine({
      [`${side}.converter`]: 'io.confluent.connect.avro.AvroConverter',
      [`${side}.converter.schema.registry.url`]: 'http://registry:8081',
      [`${side}.converter.schema.registry.basic.auth.user.info`]: 'me:hidden',
      [`${side}.converter.basic.auth.credentials.source`]: 'USER_INFO',
      [`${side}.converter.${side}.subject.name.strategy`]:
        'io.confluent.kafka.serializers.subject.TopicNameStrategy',
      [`${side}.converter.connect.meta.data`]: 'true',
      [`${side}.converter.auto.register.schemas`]: 'false',
    });
    expect(problems).toEqual([]);
    expect(options.warnings).toHaveLength(4);
    expect(options.warnings.join()).not.toMatch(/hidden|not a known property/);
  });

  test('what would change the records is refused', () => {
    expect(
      messages({
        [`${side}.converter.${side}.subject.name.strategy`]:
          'io.confluent.kafka.serializers.subject.RecordNameStrategy',
        [`${side}.converter.connect.meta.data`]: 'false',
        [`${side}.converter.scrub.invalid.names`]: 'true',
      }),
    ).toEqual([
      expect.stringContaining('subjects are named by the topic'),
      expect.stringContaining('sinks need the names'),
      expect.stringContaining('set schema.name.adjustment.mode'),
    ]);
    expect(messages({ [`${side}.converter.scrub.invalid.names`]: 'false' })).toEqual([]);
  });
});
