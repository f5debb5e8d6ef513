import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { expect } from 'vitest';
import type { SinkRecord } from '../../src/model/sink-record.ts';
import type { SearchClient } from '../../src/sink/search/search-client.ts';
import { line, type nestedTopics, order } from './nested-topics.ts';
import { placed, TestedSearchSink } from './search-sink.ts';

const ORDERS = 4;
const LINES = 6;

type Topics = ReturnType<typeof nestedTopics>;
type Line = ReturnType<typeof line>;
type Order = ReturnType<typeof order>;

/** Changes of orders and lines as a database makes them, and what it says in the end. */
export interface NestedHistory {
  readonly records: readonly SinkRecord[];
  /** By id the documents that a SELECT makes of its tables. */
  readonly expected: Readonly<Record<string, unknown>>;
}

/** Random changes: rows come, go, change and get other keys, lines move between orders. */
export function nestedHistory(
  topics: Topics,
  random: () => number,
  changes: number,
): NestedHistory {
  using source = new NestedSource(topics, random);
  for (let i = 0; i < changes; i++) source.change(i);
  return { records: source.records, expected: source.documents() };
}

class NestedSource {
  readonly records: SinkRecord[] = [];
  readonly #topics: Topics;
  readonly #random: () => number;
  readonly #database = new DatabaseSync(':memory:');

  constructor(topics: Topics, random: () => number) {
    this.#topics = topics;
    this.#random = random;
    this.#database.exec(`CREATE TABLE orders (id INTEGER PRIMARY KEY, name TEXT);
      CREATE TABLE lines (id INTEGER PRIMARY KEY, order_id INTEGER, sku TEXT, qty INTEGER)`);
  }

  change(i: number): void {
    if (this.#random() < 0.3) this.#changeOrder(i);
    else this.#changeLine(i);
  }

  documents(): Record<string, unknown> {
    const rows = this.#rows(
      `SELECT json_object('id', id, 'name', name, 'lines',
         json((SELECT json_group_array(
           json_object('id', l.id, 'order_id', l.order_id, 'sku', l.sku, 'qty', l.qty)
           ORDER BY l.id)
         FROM lines l WHERE l.order_id = orders.id))) AS document FROM orders`,
    );
    const documents = rows.map(({ document }) => JSON.parse(String(document)) as Order);
    return Object.fromEntries(documents.map((document) => [document.id, document]));
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #changeOrder(i: number): void {
    const { orders } = this.#topics;
    const id = this.#below(ORDERS);
    const [before] = this.#rows('SELECT * FROM orders WHERE id = ?', id) as unknown as Order[];
    const kind = this.#random();
    const other = this.#freeKey('orders', id);
    if (before === undefined) {
      this.#run('INSERT INTO orders VALUES (?, ?)', id, `n${i}`);
      this.#add(orders.insert(order(id, `n${i}`)));
    } else if (kind < 0.3) {
      this.#run('DELETE FROM orders WHERE id = ?', id);
      this.#add(orders.delete(before));
    } else if (kind < 0.5 && other !== null) {
      this.#run('UPDATE orders SET id = ? WHERE id = ?', other, id);
      // The name is left out, as of TOAST.
      this.#add(...orders.move(before, { id: other, name: null }, ['name']));
    } else {
      this.#run('UPDATE orders SET name = ? WHERE id = ?', `n${i}`, id);
      this.#add(orders.update(order(id, `n${i}`)));
    }
  }

  #changeLine(i: number): void {
    const { lines } = this.#topics;
    const id = this.#below(LINES);
    const [before] = this.#rows('SELECT * FROM lines WHERE id = ?', id) as unknown as Line[];
    const parent = this.#random() < 0.1 ? null : this.#below(ORDERS + 1);
    const kind = this.#random();
    const other = this.#freeKey('lines', id);
    if (before === undefined) {
      this.#run('INSERT INTO lines VALUES (?, ?, ?, ?)', id, parent, `s${i}`, i);
      this.#add(lines.insert(line(id, parent, `s${i}`, i)));
    } else if (kind < 0.2) {
      this.#run('DELETE FROM lines WHERE id = ?', id);
      this.#add(lines.delete(before));
    } else if (kind < 0.35 && other !== null) {
      const sql = 'UPDATE lines SET id = ?, order_id = ?, qty = ? WHERE id = ?';
      this.#run(sql, other, parent, i, id);
      this.#add(...lines.move(before, line(other, parent, null, i), ['sku']));
    } else if (kind < 0.6) {
      this.#run('UPDATE lines SET order_id = ?, qty = ? WHERE id = ?', parent, i, id);
      this.#add(lines.update(line(id, parent, null, i), null, ['sku']));
    } else {
      const sql = 'UPDATE lines SET order_id = ?, sku = ?, qty = ? WHERE id = ?';
      this.#run(sql, parent, `s${i}`, i, id);
      this.#add(lines.update(line(id, parent, `s${i}`, i)));
    }
  }

  /** Of the same partition: what a row leaves out is known only when its old key was read. */
  #freeKey(table: 'orders' | 'lines', id: number): number | null {
    const other = (id + 2) % (table === 'orders' ? ORDERS : LINES);
    return this.#rows(`SELECT 1 FROM ${table} WHERE id = ?`, other).length === 0 ? other : null;
  }

  #add(...records: readonly SinkRecord[]): void {
    this.records.push(...records.map((one) => (one.value === null ? one : placed(one))));
  }

  #below(end: number): number {
    return Math.floor(this.#random() * end);
  }

  #run(sql: string, ...values: readonly SQLInputValue[]): void {
    this.#database.prepare(sql).run(...values);
  }

  #rows(sql: string, ...values: readonly SQLInputValue[]) {
    return this.#database.prepare(sql).all(...values);
  }
}

/** The records of each topic parted into two by key, each of which one task reads in its order. */
export function nestedPartitions(
  records: readonly SinkRecord[],
): readonly (readonly SinkRecord[])[] {
  const of = (record: SinkRecord): number =>
    (record.topic.endsWith('lines') ? 2 : 0) + (Number(record.key?.values[0]) % 2);
  return [0, 1, 2, 3].map((number) => records.filter((record) => of(record) === number));
}

/** A client whose requests fail now and then, before or after they are done. */
export function cutOffClient(inner: SearchClient, random: () => number): SearchClient {
  let faults = 3;
  return {
    product: inner.product,
    request: async (...asked) => {
      const isNow = faults > 0 && random() < 0.04;
      if (isNow) faults--;
      const isBefore = random() < 0.5;
      if (isNow && isBefore) throw new Error('cut off');
      const answer = await inner.request(...asked);
      if (isNow) throw new Error('cut off');
      return answer;
    },
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}

/** A task that reads a partition in puts of any size, is cut off now and then, and reads again. */
export async function readNested(
  open: () => Promise<SearchClient>,
  nest: Topics['nest'],
  records: readonly SinkRecord[],
  random: () => number,
): Promise<void> {
  const begin = (): TestedSearchSink => new TestedSearchSink(open, { nests: [nest] });
  let tested = begin();
  let at = 0;
  while (at < records.length) {
    const size = 1 + Math.floor(random() * 8);
    try {
      await tested.put(...records.slice(at, at + size));
    } catch {
      // A new task, which goes on at the committed offset.
      tested = begin();
      at = Math.max(0, at - Math.floor(random() * 4));
      continue;
    }
    expect(tested.sink.status().parked).toEqual([]);
    at += size;
  }
}
