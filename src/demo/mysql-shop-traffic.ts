import { randomUUID } from 'node:crypto';
import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { Clock } from '../foundation/clock.ts';
import { systemClock } from '../foundation/clock.ts';
import { SHOP_DATABASE } from './mysql-shop-schema.ts';
import type { ShopTrafficCounts } from './shop-traffic.ts';
import { workAtPace } from './traffic-pace.ts';

/** How busy the shop is. */
export interface MysqlTrafficOptions {
  /** A connection of its own, in the database of the shop. */
  readonly client: Connection;
  readonly ratePerSecond: number;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
  /** In [0, 1): another source gives the same traffic again. */
  readonly random?: () => number;
}

/** Every so many transactions, so that also a short run shows each of them. */
const DDL_EVERY = 150;
const TRUNCATE_EVERY = 110;
/** ER_LOCK_WAIT_TIMEOUT */
const LOCK_TIMEOUT = 1205;

interface NewColumn {
  readonly table: string;
  readonly column: string;
  readonly definition: string;
  /** Of a few rows. */
  readonly use: string;
}

/** Finite, so that a demo that runs for days keeps readable tables. */
const NEW_COLUMNS: readonly NewColumn[] = [
  {
    table: 'customers',
    column: 'loyalty_points',
    definition: 'INT NOT NULL DEFAULT 100',
    use: 'loyalty_points = loyalty_points + 5 WHERE id % 997 = 1',
  },
  {
    table: 'orders',
    column: 'gift_message',
    definition: 'TEXT',
    use: `gift_message = 'for you' WHERE id % 2003 = 2`,
  },
  {
    table: 'products',
    column: 'warehouse_zone',
    definition: `VARCHAR(8) DEFAULT 'A-1' AFTER title`,
    use: `warehouse_zone = 'B-2' WHERE stock % 199 = 3`,
  },
  {
    table: 'payments',
    column: 'fee',
    definition: 'DECIMAL(8,3)',
    use: 'fee = 0.125 WHERE order_id % 1999 = 4',
  },
  {
    table: 'customers',
    column: 'last_seen',
    definition: 'DATETIME(6)',
    use: `last_seen = '2026-01-01 12:00:00.5' WHERE id % 1009 = 6`,
  },
];

type Action = (shop: MysqlShopTraffic) => Promise<void>;

/** What customers and clerks do, with weights. */
const ACTIONS: readonly (readonly [weight: number, action: Action])[] = [
  [30, (shop) => shop.placeOrder()],
  [10, (shop) => shop.joinCustomer()],
  [14, (shop) => shop.changeCustomer()],
  [14, (shop) => shop.changePrice()],
  [12, (shop) => shop.shipOrder()],
  [8, (shop) => shop.fillCart()],
  [5, (shop) => shop.cancelOrder()],
  [4, (shop) => shop.renameProduct()],
  [3, (shop) => shop.changeMind()],
];

const TOTAL_WEIGHT = ACTIONS.reduce((sum, [weight]) => sum + weight, 0);

/**
 * A shop at work on MySQL or MariaDB: inserts, updates, key changes, deletes, transactions over
 * four tables, rollbacks, a TRUNCATE and a DDL now and then.
 */
export class MysqlShopTraffic {
  readonly #client: Connection;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #random: () => number;
  readonly #ratePerSecond: number;
  readonly #counts = { transactions: 0, truncates: 0, keyChanges: 0, schemaChanges: 0 };
  readonly #due = new Set<'ddl' | 'truncate'>();
  #lastDdl: string | undefined;
  #maxOrder = 1;
  #maxCustomer = 1;

  constructor(options: MysqlTrafficOptions) {
    this.#client = options.client;
    this.#clock = options.clock ?? systemClock;
    this.#signal = options.signal;
    this.#random = options.random ?? Math.random;
    this.#ratePerSecond = options.ratePerSecond;
  }

  get counts(): ShopTrafficCounts {
    return { ...this.#counts, lastDdl: this.#lastDdl };
  }

  /** Works until the signal aborts. The last transaction is finished, never cut. */
  async run(): Promise<void> {
    // What needs a table for itself waits only shortly: others would queue up behind it.
    await this.#client.query(`SET time_zone = '+00:00', lock_wait_timeout = 1`);
    const [rows] = await this.#client.query<RowDataPacket[]>(
      `SELECT (SELECT COALESCE(MAX(id), 1) FROM orders) AS orders,
              (SELECT COALESCE(MAX(id), 1) FROM customers) AS customers`,
    );
    this.#maxOrder = Number(rows[0]?.['orders'] ?? 1);
    this.#maxCustomer = Number(rows[0]?.['customers'] ?? 1);
    await workAtPace({
      clock: this.#clock,
      signal: this.#signal,
      rate: () => this.#ratePerSecond,
      step: () => this.step(),
    });
  }

  /** One transaction. */
  async step(): Promise<void> {
    const turn = ++this.#counts.transactions;
    if (turn % DDL_EVERY === 60) this.#due.add('ddl');
    if (turn % TRUNCATE_EVERY === 80) this.#due.add('truncate');
    if (this.#due.has('ddl')) await this.#exclusive('ddl', () => this.#changeSchema());
    else if (this.#due.has('truncate')) await this.#exclusive('truncate', () => this.emptyCarts());
    else await this.#pickAction()(this);
  }

  /** While a snapshot reads a table nobody else gets it: it is tried again. */
  async #exclusive(what: 'ddl' | 'truncate', work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#due.delete(what);
    } catch (error) {
      if ((error as { errno?: unknown }).errno !== LOCK_TIMEOUT) throw error;
    }
  }

  /** A new order with items and payment, and less stock: one transaction over four tables. */
  async placeOrder(): Promise<void> {
    await this.#transaction(async () => {
      const [order] = await this.#client.query<ResultSetHeader>(
        `INSERT INTO orders (customer_id, total, delivery_time, note, flags)
         SELECT id, ?, SEC_TO_TIME(?), ?, ? FROM customers WHERE id >= ? ORDER BY id LIMIT 1`,
        [
          this.#price(),
          this.#upTo(300_000) / 10,
          this.#random() < 0.3 ? '“wrap” – gift' : null,
          this.#upTo(64),
          this.#someCustomer(),
        ],
      );
      if (order.affectedRows === 0) return;
      const id = order.insertId;
      this.#maxOrder = id;
      const [products] = await this.#client.query<RowDataPacket[]>(
        'SELECT sku, price FROM products WHERE sku >= ? ORDER BY sku LIMIT ?',
        [this.#someSku(), 1 + this.#upTo(4)],
      );
      for (const [line, product] of products.entries()) {
        const { sku, price } = product as { sku: string; price: string };
        const item = [id, line + 1, sku, 1 + this.#upTo(5), price];
        await this.#client.query('INSERT INTO order_items VALUES (?, ?, ?, ?, ?)', item);
        await this.#client.query(
          'UPDATE products SET stock = stock - 1, updated_at = NOW(6) WHERE sku = ?',
          [sku],
        );
      }
      await this.#client.query(
        `INSERT INTO payments (id, order_id, amount, receipt, paid_at, settled_on)
         VALUES (UNHEX(?), ?, ?, ?, NOW(6), CURRENT_DATE)`,
        [uuidDigits(), id, this.#price(), JSON.stringify({ order: id, paid: true })],
      );
    });
  }

  async joinCustomer(): Promise<void> {
    const [customer] = await this.#client.query<ResultSetHeader>(
      `INSERT INTO customers (email, name, newsletter, preferences, birthday, born)
       VALUES (?, ?, ?, '{"from": "demo"}', CURRENT_DATE - INTERVAL ? DAY, 1901 + ?)`,
      [
        `${randomUUID()}@example.org`,
        `Visitor ${this.#upTo(1e6)}`,
        this.#upTo(2),
        this.#upTo(20_000),
        this.#upTo(250),
      ],
    );
    this.#maxCustomer = customer.insertId;
  }

  async changeCustomer(): Promise<void> {
    await this.#client.query(
      `UPDATE customers SET credit = credit + ?, tags = ?, newsletter = 1 - newsletter,
              status = ?, avatar = IF(? = 0, NULL, UNHEX(SHA2(?, 256)))
        WHERE id >= ? ORDER BY id LIMIT 1`,
      [
        this.#price(),
        this.#upTo(8),
        1 + this.#upTo(4),
        this.#upTo(4),
        this.#upTo(1e6),
        this.#someCustomer(),
      ],
    );
  }

  /** Leaves the long description as it is, mostly. */
  async changePrice(): Promise<void> {
    const rewrite = this.#random() < 0.1;
    const description = rewrite ? ', description = REPEAT(SHA2(RAND(), 256), 95)' : '';
    await this.#client.query(
      `UPDATE products SET price = ?, attributes = JSON_SET(attributes, '$.sale', ?),
              weight_kg = ? / 7, updated_at = NOW(6)${description}
        WHERE sku >= ? ORDER BY sku LIMIT 1`,
      [this.#price(), this.#upTo(2), this.#upTo(1000), this.#someSku()],
    );
  }

  async shipOrder(): Promise<void> {
    await this.#client.query(
      `UPDATE orders SET state = 'shipped', delivery_time = '-04:05:06.789'
        WHERE id >= ? ORDER BY id LIMIT 1`,
      [this.#someOrder()],
    );
  }

  async fillCart(): Promise<void> {
    for (let left = 1 + this.#upTo(3); left > 0; left--) {
      const cart = [randomUUID(), `${this.#someSku()},a "b"`];
      await this.#client.query('INSERT INTO carts (session, skus) VALUES (?, ?)', cart);
    }
  }

  /** Items and payments go first: rows that a cascade deletes would not be in the binlog. */
  async cancelOrder(): Promise<void> {
    await this.#transaction(async () => {
      const [rows] = await this.#client.query<RowDataPacket[]>(
        'SELECT id FROM orders WHERE id >= ? ORDER BY id LIMIT 1',
        [this.#someOrder()],
      );
      const id: unknown = rows[0]?.['id'];
      for (const sql of [
        'DELETE FROM order_items WHERE order_id = ?',
        'DELETE FROM payments WHERE order_id = ?',
        'DELETE FROM orders WHERE id = ?',
      ]) {
        await this.#client.query(sql, [id ?? 0]);
      }
    });
  }

  /** Changes a primary key, and the items that name it. */
  async renameProduct(): Promise<void> {
    this.#counts.keyChanges++;
    await this.#transaction(async () => {
      const [rows] = await this.#client.query<RowDataPacket[]>(
        'SELECT sku FROM products WHERE sku >= ? ORDER BY sku LIMIT 1',
        [this.#someSku()],
      );
      const names = [`SKU-${uuidDigits().slice(0, 12)}`, rows[0]?.['sku'] as unknown];
      await this.#client.query('UPDATE products SET sku = ? WHERE sku = ?', names);
      await this.#client.query('UPDATE order_items SET sku = ? WHERE sku = ?', names);
    });
  }

  /** A transaction that is taken back: nothing of it may arrive anywhere. */
  async changeMind(): Promise<void> {
    await this.#client.query('BEGIN');
    await this.#client.query(`UPDATE customers SET name = 'never' WHERE id <= 3`);
    await this.#client.query('ROLLBACK');
  }

  async emptyCarts(): Promise<void> {
    await this.#client.query('TRUNCATE TABLE carts');
    this.#counts.truncates++;
  }

  async #changeSchema(): Promise<void> {
    const [rows] = await this.#client.query<RowDataPacket[]>(
      `SELECT CONCAT(TABLE_NAME, '.', COLUMN_NAME) AS name FROM information_schema.COLUMNS
        WHERE TABLE_SCHEMA = ?`,
      [SHOP_DATABASE],
    );
    const present = new Set(rows.map((row) => String(row['name'])));
    const next = NEW_COLUMNS.find(({ table, column }) => !present.has(`${table}.${column}`));
    if (next === undefined) {
      await this.placeOrder();
      return;
    }
    const { table, column, definition, use } = next;
    const statement = `ALTER TABLE ${table} ADD COLUMN ${column} ${definition}`;
    await this.#client.query(statement);
    await this.#client.query(`UPDATE ${table} SET ${use}`);
    this.#counts.schemaChanges++;
    this.#lastDdl = statement;
  }

  async #transaction(work: () => Promise<void>): Promise<void> {
    await this.#client.query('BEGIN');
    try {
      await work();
      await this.#client.query('COMMIT');
    } catch (error) {
      await this.#client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  #pickAction(): Action {
    let at = this.#random() * TOTAL_WEIGHT;
    for (const [weight, action] of ACTIONS) {
      at -= weight;
      if (at < 0) return action;
    }
    return (shop) => shop.placeOrder();
  }

  #upTo(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #price(): string {
    return (this.#upTo(100_000) / 100).toFixed(2);
  }

  #someCustomer(): number {
    return 1 + this.#upTo(this.#maxCustomer);
  }

  #someOrder(): number {
    return 1 + this.#upTo(this.#maxOrder);
  }

  #someSku(): string {
    return `SKU-${this.#upTo(16).toString(16)}${this.#upTo(16).toString(16)}`;
  }
}

function uuidDigits(): string {
  return randomUUID().replaceAll('-', '');
}
