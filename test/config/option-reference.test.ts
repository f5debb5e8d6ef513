import { expect, test } from 'vitest';
import { SINK_CLASSES, SOURCE_CLASSES } from '../../src/config/connector-classes.ts';
import { HTTP_OPTIONS } from '../../src/config/http-options.ts';
import { renderOptionReference } from '../../src/config/option-reference.ts';
import { RUNTIME_OPTIONS } from '../../src/config/runtime-options.ts';
import { transportTable } from '../../src/config/transport-options.ts';

test('every option of every table is in the reference', () => {
  const text = renderOptionReference();
  const classes = [...SOURCE_CLASSES, ...SINK_CLASSES].flatMap(({ options }) => options);
  const transports = [transportTable('embedded'), transportTable('kafka')];
  const sections = [...HTTP_OPTIONS, ...RUNTIME_OPTIONS, ...transports.flatMap((t) => t.options)];
  for (const { name, listedAs } of [...classes, ...sections]) {
    expect(text).toContain(`\`${listedAs ?? name}\``);
  }
});

test('defaults of both classes stand side by side', () => {
  expect(renderOptionReference()).toMatch(
    /\| `heartbeat\.interval\.ms` \| duration, at least 0 \| `10000` \| `0` \|/,
  );
});
