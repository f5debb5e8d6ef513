import { expect, test } from 'vitest';
import { compareRecorded } from '../../support/recorded-transforms.ts';

const recorded = await compareRecorded('collection-name-transformation', [
  // An empty property is one that was not given, as everywhere in a pipeline file.
  'collection.naming.style:,collection.naming.prefix:P.,collection.naming.suffix:.S',
]);

test.each(recorded)('as recorded: $title', ({ wanted, found }) => {
  expect(found).toEqual(wanted);
});
