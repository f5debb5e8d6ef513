import {
  quoteIdentifier,
  quoteLiteral,
} from '../../../../dialects/postgres/postgres-identifiers.ts';
import type { Clock } from '../../../foundation/clock.ts';
import type { TidemarkError } from '../../../foundation/errors.ts';
import type { Querier } from '../wire/catalog-session.ts';
import { quotedSignalTable, signalTableProblem } from './signal-table.ts';
import type { SnapshotOptions } from '../../snapshot/snapshot-options.ts';

const INTERVAL_MS = 5_000;

/**
 * Sees that the signal table was dropped or made anew while signals are awaited from it: the stream
 * would be silent for either, and whoever inserts a signal would wait for nothing.
 */
export class SignalTableWatch {
  readonly #name: string;
  readonly #quoted: string | null;
  readonly #publication: string;
  readonly #clock: Clock;
  #nextMs: number;
  #oid: string | null = null;

  constructor(
    options: Pick<SnapshotOptions, 'signalTable' | 'signalChannels'>,
    publication: string,
    clock: Clock,
  ) {
    const { signalTable, signalChannels } = options;
    this.#name = signalTable ?? '';
    this.#quoted =
      signalTable === null || !signalChannels.includes('source')
        ? null
        : quotedSignalTable(signalTable);
    this.#publication = publication;
    this.#clock = clock;
    this.#nextMs = clock.monotonicMs();
  }

  /** What has happened since the last look; null: nothing to tell. */
  async look(querier: Querier): Promise<TidemarkError | null> {
    const quoted = this.#quoted;
    if (quoted === null || this.#clock.monotonicMs() < this.#nextMs) return null;
    this.#nextMs = this.#clock.monotonicMs() + INTERVAL_MS;
    const row = (await querier.query(this.#query(quoted)))[0]?.rows[0] ?? [];
    const [oid = null, isPublished = null] = row;
    const before = this.#oid;
    // A table that was never there has been told at the start.
    if (before === null && oid === null) return null;
    this.#oid = oid ?? '';
    if (before === null || before === this.#oid) return null;
    if (oid === null) {
      return signalTableProblem(
        `the signal table ${this.#name} was dropped`,
        'Create it anew, or send signals by `tidemark signal`, a topic or a file.',
      );
    }
    if (isPublished === 't') return null;
    return signalTableProblem(
      `the signal table ${this.#name} was made anew and is not published: signals do not come`,
      `ALTER PUBLICATION ${quoteIdentifier(this.#publication)} ADD TABLE ${quoted}; or restart.`,
    );
  }

  #query(quoted: string): string {
    return `SELECT c.oid, EXISTS (SELECT FROM pg_catalog.pg_publication p
      WHERE p.pubname = ${quoteLiteral(this.#publication)} AND (p.puballtables OR EXISTS (
        SELECT FROM pg_catalog.pg_publication_rel r WHERE r.prpubid = p.oid AND r.prrelid = c.oid)))
    FROM (SELECT pg_catalog.to_regclass(${quoteLiteral(quoted)})::oid AS oid) c`;
  }
}
