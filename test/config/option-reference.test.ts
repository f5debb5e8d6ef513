import { expect, test } from 'vitest';
import { SINK_CLASSES, SOURCE_CLASSES } from '../../src/config/connector-classes.ts';
import { HTTP_OPTIONS } from '../../src/config/http-options.ts';
import { renderOptionReference } from '../../src/config/option-reference.ts';
import { RUNTIME_OPTIONS } from '../../src/config/runtime-options.ts';
import { TRANSPORT_OPTIONS } from '../../src/config/transport-options.ts';

test('every option of every table is in the reference', () => {
  const text = renderOptionReference();
  const classes = [...SOURCE_CLASSES, ...SINK_CLASSES].flatMap(({ options }) => options);
  for (const { name } of [...classes, ...HTTP_OPTIONS, ...RUNTIME_OPTIONS, ...TRANSPORT_OPTIONS]) {
    expect(text).toContain(`\`${name}\``);
  }
});

test('defaults of both classes stand side by side', () => {
  expect(renderOptionReference()).toMatch(
    /\| `heartbeat\.interval\.ms` \| duration, at least 0 \| `10000` \| `0` \|/,
  );
});
