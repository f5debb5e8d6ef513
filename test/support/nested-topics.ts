import type { Nest } from '../../src/config/document-nest.ts';
import { column, SinkTopic } from './sink-records.ts';
import { ID } from './search-topics.ts';

const TEXT = { type: 'string' } as const;
const ORDER = column('order_id', 'integer', { type: 'int32' });

/** Orders and their lines, whose documents are one; `name` makes them a test's own. */
export function nestedTopics(name: string) {
  const orders = new SinkTopic({
    table: `${name}_orders`,
    columns: [ID, column('name', 'text', TEXT)],
    key: ['id'],
  });
  const lines = new SinkTopic(
    {
      table: `${name}_lines`,
      columns: [
        ID,
        ORDER,
        column('sku', 'text', TEXT),
        column('qty', 'integer', { type: 'int32' }),
      ],
      key: ['id'],
    },
    orders.log,
  );
  const nest: Nest = {
    child: lines.topic,
    parent: orders.topic,
    field: 'lines',
    columns: ['order_id'],
    kind: 'nested',
  };
  return { orders, lines, nest, index: orders.topic.toLowerCase() };
}

/** A row of orders. */
export const order = (id: number, name: string) => ({ id, name });

/** A row of lines. */
export const line = (id: number, order_id: number | null, sku: string | null, qty = 1) => ({
  id,
  order_id,
  sku,
  qty,
});
