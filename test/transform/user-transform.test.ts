import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { loadUserTransform } from '../../src/transform/user-transform.ts';
import type { RecordTransform } from '../../src/transform/record-transform.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { changeRecord, plain } from '../support/transform-records.ts';

async function load(
  source: string,
  properties: Record<string, string> = {},
): Promise<RecordTransform> {
  await using folder = await temporaryFolder('transform');
  writeFileSync(path.join(folder.path, 't.ts'), source);
  return await loadUserTransform('mine', './t.ts', folder.path, properties);
}

const record = changeRecord('c', null, [1, 'a', null]);

test('a function in TypeScript, with its own properties and the tools', async () => {
  const transform = await load(
    `export function transform(properties: Record<string, string>, tools: any) {
      const name: string = properties['field'] ?? 'none';
      return (record: any) => {
        if (tools.get(record.value.value, 'op') === 'd') return null;
        const value = tools.set(record.value.value, name, 'x');
        return { ...record, topic: 'mine', value: { schema: value.schema, value } };
      };
    }`,
    { field: 'extra' },
  );
  const made = transform.apply(record);
  expect(made?.topic).toBe('mine');
  expect(plain(made)).toMatchObject({ op: 'c', extra: 'x' });
  expect(transform.apply(changeRecord('d', [1, 'a', null], null))).toBeNull();
});

test('an object with apply, from a default export that is async', async () => {
  const transform = await load(
    `export default async () => ({
      by: 't2',
      apply(record) {
        return { ...record, topic: this.by };
      },
    });`,
  );
  expect(transform.apply(record)?.topic).toBe('t2');
});

test.each([
  ['export const x = 1;', 'exports no function transform'],
  ['export function transform() { return 5; }', 'made no transform'],
  ['export function transform() { throw new Error("no field"); }', 'no field'],
  ['export function transform() {', 'cannot be loaded'],
])('%s is refused', async (source, message) => {
  await expect(load(source)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(message) as string,
  });
});

test.each([
  ['undefined', 'mine returned undefined'],
  ['Promise.resolve(null)', 'mine returned a promise'],
  ['({ topic: "x" })', 'mine returned object'],
  ['(() => { throw new Error("oops"); })()', 'mine failed on p.public.t: oops'],
])('a record that becomes %s stops the task', async (result, message) => {
  const transform = await load(`export function transform() { return () => ${result}; }`);
  expect(() => transform.apply(record)).toThrow(message);
});
