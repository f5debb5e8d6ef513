import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../../../src/transport/kafka/consumer-protocol.ts';

const { AssignerProtocol } = createRequire(import.meta.url)('kafkajs') as {
  readonly AssignerProtocol: {
    readonly MemberMetadata: {
      encode(of: object): Buffer;
      decode(bytes: Buffer): { readonly topics: readonly string[] };
    };
    readonly MemberAssignment: {
      decode(bytes: Buffer): { readonly assignment: Readonly<Record<string, number[]>> };
    };
  };
};

const partitions = fc.uniqueArray(
  fc.record({ topic: fc.constantFrom('a', 'b.c', 'ü'), partition: fc.nat(20) }),
  { selector: ({ topic, partition }) => `${topic}/${partition}` },
);

/** As the wire has them: by topic. */
function byTopic<T extends { readonly topic: string }>(entries: readonly T[]): T[] {
  return [...Map.groupBy(entries, ({ topic }) => topic).values()].flat();
}

test('what a member tells is read again, and by a library', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), partitions, fc.nat(), (topics, owned, generation) => {
      const bytes = encodeSubscription({ topics, owned, generation });
      expect(decodeSubscription(bytes)).toEqual({ topics, owned: byTopic(owned), generation });
      expect(AssignerProtocol.MemberMetadata.decode(bytes).topics).toEqual(topics);
    }),
  );
});

test('members that tell less, or more, are understood', () => {
  const old = AssignerProtocol.MemberMetadata.encode({
    version: 0,
    topics: ['t'],
    userData: Buffer.alloc(0),
  });
  expect(decodeSubscription(old)).toEqual({ topics: ['t'], owned: [], generation: -1 });
  // Version 3 of Java 3.5 and later: the generation, then the rack.
  const newer = Buffer.concat([
    Buffer.from('0003000000010001740000000400000007', 'hex'),
    Buffer.from('00000001000174000000010000000500000009', 'hex'),
    Buffer.from('ffff', 'hex'),
  ]);
  expect(decodeSubscription(newer)).toEqual({
    topics: ['t'],
    owned: [{ topic: 't', partition: 5 }],
    generation: 9,
  });
});

test('an assignment is read again, and by a library; nothing is nothing', () => {
  fc.assert(
    fc.property(partitions, (assigned) => {
      const bytes = encodeAssignment(assigned);
      expect(decodeAssignment(bytes)).toEqual(byTopic(assigned));
      const { assignment } = AssignerProtocol.MemberAssignment.decode(bytes);
      const theirs = Object.entries(assignment).flatMap(([topic, list]) =>
        list.map((partition) => ({ topic, partition })),
      );
      expect(theirs).toEqual(byTopic(assigned));
    }),
  );
  expect(decodeAssignment(Buffer.alloc(0))).toEqual([]);
});
