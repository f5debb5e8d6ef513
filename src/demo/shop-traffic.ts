import type { ClientBase } from 'pg';
import type { Clock } from '../foundation/clock.ts';
import { systemClock } from '../foundation/clock.ts';
import type { ShopDdl } from './shop-ddl.ts';
import { nextShopDdl } from './shop-ddl.ts';
import { workAtPace } from './traffic-pace.ts';

/** How busy the shop is. */
export interface ShopTrafficOptions {
  /** A connection of its own, to a database with the shop. */
  readonly client: ClientBase;
  /** Transactions per second; may be changed while it runs. */
  readonly ratePerSecond: number;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
  /** In [0, 1): another source gives the same traffic again. */
  readonly random?: () => number;
}

/** What the traffic has done so far. */
export interface ShopTrafficCounts {
  readonly transactions: number;
  readonly truncates: number;
  readonly keyChanges: number;
  readonly schemaChanges: number;
  /** The last DDL statement. */
  readonly lastDdl: string | undefined;
}

/** Every so many transactions, so that also a short run shows each of them. */
const DDL_EVERY = 150;
const TRUNCATE_EVERY = 110;
const LOCK_TIMEOUT_MS = 20;
/** SQLSTATE of a lock that did not come in time. */
const LOCK_NOT_AVAILABLE = '55P03';

type Action = (traffic: ShopTraffic) => Promise<void>;

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
 * A shop at work: inserts, updates with and without the long text, key changes, deletes that
 * cascade, transactions over four tables, rollbacks, a TRUNCATE and a DDL now and then.
 */
export class ShopTraffic {
  readonly #client: ClientBase;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #random: () => number;
  readonly #counts = { transactions: 0, truncates: 0, keyChanges: 0, schemaChanges: 0 };
  readonly #due = new Set<'ddl' | 'truncate'>();
  #lastDdl: string | undefined;
  #maxOrder = 1;
  #maxCustomer = 1;
  ratePerSecond: number;

  constructor(options: ShopTrafficOptions) {
    this.#client = options.client;
    this.#clock = options.clock ?? systemClock;
    this.#signal = options.signal;
    this.#random = options.random ?? Math.random;
    this.ratePerSecond = options.ratePerSecond;
  }

  get counts(): ShopTrafficCounts {
    return { ...this.#counts, lastDdl: this.#lastDdl };
  }

  /** Works until the signal aborts. The last transaction is finished, never cut. */
  async run(): Promise<void> {
    await this.#client.query(`SET TIME ZONE 'UTC'`);
    const { rows } = await this.#client.query<{ orders: number; customers: number }>(
      `SELECT (SELECT coalesce(max(id), 1)::int FROM orders) AS orders,
              (SELECT coalesce(max(id), 1)::int FROM customers) AS customers`,
    );
    this.#maxOrder = rows[0]?.orders ?? 1;
    this.#maxCustomer = rows[0]?.customers ?? 1;
    await workAtPace({
      clock: this.#clock,
      signal: this.#signal,
      rate: () => this.ratePerSecond,
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

  /**
   * What needs a table for itself waits only shortly and is tried again: while a snapshot reads
   * it, a queued exclusive lock would hold up everybody behind it, the snapshot too.
   */
  async #exclusive(what: 'ddl' | 'truncate', work: () => Promise<void>): Promise<void> {
    await this.#client.query(`SET lock_timeout = '${LOCK_TIMEOUT_MS}ms'`);
    try {
      await work();
      this.#due.delete(what);
    } catch (error) {
      if ((error as { code?: unknown }).code !== LOCK_NOT_AVAILABLE) throw error;
    } finally {
      await this.#client.query('RESET lock_timeout');
    }
  }

  /** A new order with items and payment, and less stock: one transaction over four tables. */
  async placeOrder(): Promise<void> {
    await this.#transaction(async () => {
      const { rows } = await this.#client.query<{ id: string }>(
        `INSERT INTO orders (customer_id, total, delivery_time, note)
         SELECT id, $2::numeric, make_interval(hours => $3), $4 FROM customers
          WHERE id >= $1 ORDER BY id LIMIT 1 RETURNING id`,
        [this.#someCustomer(), this.#price(), this.#upTo(90), this.#maybe('“wrap” – gift')],
      );
      const id = rows[0]?.id;
      if (id === undefined) return;
      this.#maxOrder = Number(id);
      await this.#client.query(
        `INSERT INTO order_items (order_id, line_no, sku, quantity, unit_price)
         SELECT $1, row_number() OVER (), sku, $2, price
           FROM (SELECT sku, price FROM products WHERE sku >= $3 ORDER BY sku LIMIT $4) AS p`,
        [id, 1 + this.#upTo(5), this.#someSku(), 1 + this.#upTo(4)],
      );
      await this.#client.query(
        `UPDATE products SET stock = stock - 1, updated_at = now()
          WHERE sku IN (SELECT sku FROM order_items WHERE order_id = $1)`,
        [id],
      );
      await this.#client.query(
        `INSERT INTO payments (id, order_id, amount, receipt, paid_at, settled_on, booked_at)
         VALUES (gen_random_uuid(), $1, $2, $3, now(), current_date, localtime)`,
        [id, this.#price(), JSON.stringify({ order: id, paid: true })],
      );
    });
  }

  async joinCustomer(): Promise<void> {
    const { rows } = await this.#client.query<{ id: string }>(
      `INSERT INTO customers (email, name, newsletter, preferences, birthday)
       VALUES (gen_random_uuid() || '@example.org', $1, $2, $3, current_date - $4::int)
       RETURNING id`,
      [`Visitor ${this.#upTo(1e6)}`, this.#random() < 0.5, '{"from": "demo"}', this.#upTo(20_000)],
    );
    this.#maxCustomer = Number(rows[0]?.id ?? this.#maxCustomer);
  }

  async changeCustomer(): Promise<void> {
    await this.#client.query(
      `UPDATE customers
          SET credit = credit + $2, tags = ARRAY['seen', $3, NULL], newsletter = NOT newsletter,
              status = (enum_range(NULL::customer_status))[1 + $4::int],
              avatar = CASE WHEN $4::int = 0 THEN NULL ELSE decode(md5($3), 'hex') END
        WHERE id = (SELECT id FROM customers WHERE id >= $1 ORDER BY id LIMIT 1)`,
      [this.#someCustomer(), this.#price(), `t${this.#upTo(100)}`, this.#upTo(4)],
    );
  }

  /** Leaves the long description as it is: the change arrives without it. Sometimes not. */
  async changePrice(): Promise<void> {
    const rewrite = this.#random() < 0.1;
    await this.#client.query(
      `UPDATE products
          SET price = $2::numeric, attributes = attributes || $3::jsonb, updated_at = now()
              ${rewrite ? `, description = repeat(md5($3::jsonb::text || random()), 200)` : ''}
        WHERE sku = (SELECT sku FROM products WHERE sku >= $1 ORDER BY sku LIMIT 1)`,
      [this.#someSku(), this.#price(), JSON.stringify({ sale: this.#random() < 0.3 })],
    );
  }

  async shipOrder(): Promise<void> {
    await this.#client.query(
      `UPDATE orders SET state = 'shipped', delivery_time = interval '1 mon -3 days 04:05:06.789'
        WHERE id = (SELECT id FROM orders WHERE id >= $1 ORDER BY id LIMIT 1)`,
      [this.#someOrder()],
    );
  }

  async fillCart(): Promise<void> {
    await this.#client.query(
      `INSERT INTO carts (session, skus)
       SELECT gen_random_uuid(), ARRAY[$1::text, 'a,b', NULL] FROM generate_series(1, $2)`,
      [this.#someSku(), 1 + this.#upTo(3)],
    );
  }

  /** Items and payments go with it, by cascade. */
  async cancelOrder(): Promise<void> {
    await this.#client.query(
      `DELETE FROM orders WHERE id = (SELECT id FROM orders WHERE id >= $1 ORDER BY id LIMIT 1)`,
      [this.#someOrder()],
    );
  }

  /**
   * Changes a primary key, and by cascade the items that name it. The long text stays as it is and
   * is left out of the change (unchanged TOAST): the sink has to take it along to the new key.
   */
  async renameProduct(): Promise<void> {
    this.#counts.keyChanges++;
    await this.#client.query(
      `UPDATE products SET sku = 'SKU-' || left(md5(random()::text), 12)
        WHERE sku = (SELECT sku FROM products WHERE sku >= $1 ORDER BY sku LIMIT 1)`,
      [this.#someSku()],
    );
  }

  /** A transaction that is taken back: nothing of it may arrive anywhere. */
  async changeMind(): Promise<void> {
    await this.#client.query('BEGIN');
    await this.#client.query(`UPDATE customers SET name = 'never' WHERE id <= 3`);
    await this.#client.query('ROLLBACK');
  }

  async emptyCarts(): Promise<void> {
    await this.#client.query('TRUNCATE carts');
    this.#counts.truncates++;
  }

  async #changeSchema(): Promise<void> {
    const ddl: ShopDdl | undefined = await nextShopDdl(this.#client);
    if (ddl === undefined) {
      await this.placeOrder();
      return;
    }
    await this.#client.query(ddl.statement);
    await this.#client.query(ddl.use);
    this.#counts.schemaChanges++;
    this.#lastDdl = ddl.statement;
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

  #maybe(text: string): string | null {
    return this.#random() < 0.3 ? text : null;
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
