import { test } from 'vitest';
import { familyPipeline, postgresFamily } from '../support/family-pipeline.ts';
import { freshDatabase } from '../support/postgres.ts';
import { expectWholeMoves, transfersOnKafka } from '../support/transfers.ts';

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261122);

test(`no reader sees half a transaction that Kafka carried (S28, ${SEED})`, async () => {
  await using source = await postgresFamily(await freshDatabase());
  await using copy = await postgresFamily(await freshDatabase());
  const { target, given, transport } = transfersOnKafka(copy);
  await using pipeline = await familyPipeline(source, [target], given, transport);
  await expectWholeMoves(source, [target], pipeline, ['sink.applied'], SEED);
});
