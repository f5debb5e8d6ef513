import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { RowImage } from '../../src/model/row-image.ts';
import { PgoutputDecoder } from '../../src/source/postgres/pgoutput/pgoutput-decoder.ts';
import type { ControlMessage } from '../../src/source/postgres/pgoutput/pgoutput-message.ts';
import { PgoutputKind } from '../../src/source/postgres/pgoutput/pgoutput-control.ts';

export interface GoldenScenario {
  readonly name: string;
  readonly statements: readonly string[];
  readonly frames: readonly string[];
}

const FOLDER = path.join(import.meta.dirname, '..', 'golden', 'pgoutput');

/** Messages of a real server of this major version; see test/golden/pgoutput/record.ts. */
export function goldenScenarios(major: number): readonly GoldenScenario[] {
  const text = readFileSync(path.join(FOLDER, `${major}.json`), 'utf8');
  return (JSON.parse(text) as { scenarios: GoldenScenario[] }).scenarios;
}

/** Decodes a session's messages one by one; what differs from run to run is left out. */
export class GoldenPrinter {
  readonly #decoder = new PgoutputDecoder();
  readonly #relations = new Map<number, { name: string; columns: readonly string[] }>();

  print(frame: Buffer): string {
    const decoder = this.#decoder;
    const kind = decoder.open(frame, 0, frame.length);
    if (!isRow(kind)) return this.#control(decoder.control());
    const relation = this.#relations.get(decoder.relationId);
    if (relation === undefined) throw new Error(`unknown relation ${decoder.relationId}`);
    decoder.rows(relation.columns.length);
    const before = decoder.hasBefore ? ` ${printRow(decoder.before, relation.columns)}` : '';
    const keyOnly = decoder.beforeIsKeyOnly ? ' key' : '';
    const after = decoder.hasAfter ? ` -> ${printRow(decoder.after, relation.columns)}` : '';
    const operation = String.fromCharCode(kind);
    return `${operation} ${relation.name}${keyOnly}${before}${after}`;
  }

  #control(message: ControlMessage): string {
    const nameOf = (id: number): string => this.#relations.get(id)?.name ?? '?';
    switch (message.kind) {
      case 'relation': {
        const { table: name, columns } = message;
        const names = columns.map((column) => column.name);
        this.#relations.set(message.relationId, { name, columns: names });
        const flags = columns.map((column) => `${column.identity ? '*' : ''}${column.name}`);
        return `relation ${message.schema}.${name} ${message.replicaIdentity} (${flags.join(' ')})`;
      }
      case 'truncate':
        return [
          message.kind,
          ...message.relationIds.map(nameOf),
          message.cascade,
          message.restartIdentity,
        ].join(' ');
      case 'type':
        return `type ${message.schema}.${message.name}`;
      case 'message':
        return `message ${message.transactional} ${message.prefix}=${message.content.toString()}`;
      case 'origin':
        return `origin ${message.name} ${message.commitLsn.toString(16)}`;
      default:
        return 'gid' in message ? `${message.kind} ${message.gid}` : message.kind;
    }
  }
}

export function isRow(kind: number): boolean {
  return (
    kind === PgoutputKind.insert || kind === PgoutputKind.update || kind === PgoutputKind.delete
  );
}

function printRow(image: RowImage, columns: readonly string[]): string {
  const values = columns.map((name, i) => {
    const text = image.text(i);
    const shown = text === null ? 'NULL' : text === undefined ? 'ABSENT' : `'${text}'`;
    return `${name}=${shown.length > 40 ? `${shown.slice(0, 5)}…${shown.length}` : shown}`;
  });
  return `{${values.join(' ')}}`;
}
