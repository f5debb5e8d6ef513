import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { PipelineStatus } from '../../src/runtime/pipeline-status.ts';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { JSON_WITH_SCHEMAS } from '../support/debezium-source.ts';
import { familyPipeline, postgresFamily } from '../support/family-pipeline.ts';
import { freshDatabase } from '../support/postgres.ts';
import { expectWholeMoves, transfersOnKafka } from '../support/transfers.ts';

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261123);

/** A sink alone, on the topics of the first: its source has a database and a slot of its own. */
async function memberFile(
  first: string,
): Promise<{ readonly file: string; readonly port: number }> {
  const pipeline = JSON.parse(await readFile(first, 'utf8')) as {
    name: string;
    source: Record<string, unknown>;
    sinks: Record<string, unknown>[];
    http: unknown;
  };
  const port = await freeLoopbackPort();
  const prefix = String(pipeline.source['topic.prefix']);
  const own = await postgresFamily(await freshDatabase());
  await own.run('CREATE TABLE nothing (id int PRIMARY KEY)');
  pipeline.name += '-member';
  pipeline.source = { ...pipeline.source, ...own.source, 'topic.prefix': `${prefix}-member` };
  for (const sink of pipeline.sinks) {
    sink['topics.regex'] = `${prefix}\\..*`;
    sink['transaction.metadata.topic'] = `${prefix}.transaction`;
  }
  pipeline.http = { listen: `127.0.0.1:${port}` };
  const file = first.replace('.yaml', '-member.yaml');
  await writeFile(file, JSON.stringify(pipeline));
  return { file, port };
}

function saysWhatIsMissing({ sinks: [sink] }: PipelineStatus): boolean {
  return sink?.error?.code === 'SINK_TRANSACTION';
}

test(`a second member stops the sink, and without it whole moves go on (${SEED})`, async () => {
  await using source = await postgresFamily(await freshDatabase());
  await using copy = await postgresFamily(await freshDatabase());
  const { target, given, transport } = transfersOnKafka(copy);
  await using pipeline = await familyPipeline(
    source,
    [target],
    { ...JSON_WITH_SCHEMAS, ...given },
    transport,
  );
  await expectWholeMoves(source, [target], pipeline, [], SEED, {
    during: async (first) => {
      await using second = Daemon.start(await memberFile(pipeline.file));
      await Promise.race([second.until(saysWhatIsMissing), first.until(saysWhatIsMissing)]);
      expect(await second.stop()).toBe(0);
    },
  });
});
