import { expect, test } from 'vitest';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import { describeGroups, moveGroup } from '../../../src/transport/kafka/kafka-groups.ts';
import { scriptedAdmin } from './scripted-admin.ts';

const at = (offset: number) => ({ topic: 't', partition: 1, offset });

function admin() {
  const scripted = scriptedAdmin('t');
  scripted.groups = () => Promise.resolve(['ours', 'theirs']);
  scripted.groupOffsets = () => Promise.resolve([at(3)]);
  scripted.offsets = () => Promise.resolve([at(10)]);
  return scripted;
}

test('groups are shown with the ends of what they read, all or by name', async () => {
  const offsets = [{ ...at(3), endOffset: 10 }];
  expect(await describeGroups(admin())).toEqual([
    { group: 'ours', offsets },
    { group: 'theirs', offsets },
  ]);
  expect(await describeGroups(admin(), ['ours', 'gone'])).toEqual([{ group: 'ours', offsets }]);
});

test('a group is not moved beyond the end, nor under its members', async () => {
  const scripted = admin();
  const moved: unknown[] = [];
  scripted.setGroupOffsets = (_group, offsets) => {
    moved.push(offsets);
    return Promise.resolve();
  };
  await moveGroup(scripted, 'ours', [at(10)]);
  expect(moved).toEqual([[at(10)]]);
  await expect(moveGroup(scripted, 'ours', [at(11)])).rejects.toMatchObject({
    code: 'OFFSET_OUT_OF_RANGE',
  });
  scripted.setGroupOffsets = () => Promise.reject(new TidemarkError('KAFKA_REBALANCE', 'x'));
  await expect(moveGroup(scripted, 'ours', [at(1)])).rejects.toMatchObject({
    code: 'GROUP_IN_USE',
  });
});
