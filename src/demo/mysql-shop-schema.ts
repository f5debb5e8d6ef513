import type { Connection } from 'mysql2/promise';
import type { ShopSize } from './shop-schema.ts';
import { DEMO_SHOP } from './shop-schema.ts';

/** The database of the shop. */
export const SHOP_DATABASE = 'shop';

/**
 * The shop of the demo in the words of MySQL and MariaDB: between them the columns cover the usual
 * kinds of type. No foreign key deletes or changes rows by itself, because the binlog of most
 * servers does not have those.
 */
const SHOP_TABLES = [
  `CREATE TABLE customers (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    email VARCHAR(120) NOT NULL UNIQUE,
    name VARCHAR(200) NOT NULL,
    status ENUM('new', 'regular', 'vip', 'closed') NOT NULL DEFAULT 'new',
    newsletter TINYINT(1) NOT NULL DEFAULT 0,
    tags SET('early', 'loyal', 'b2b') NOT NULL DEFAULT '',
    preferences JSON,
    credit DECIMAL(12,2) NOT NULL DEFAULT 0,
    birthday DATE,
    born YEAR,
    avatar VARBINARY(64),
    created_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)
  )`,
  `CREATE TABLE products (
    sku VARCHAR(24) CHARACTER SET latin1 NOT NULL PRIMARY KEY,
    title VARCHAR(200) NOT NULL,
    price DECIMAL(10,2) NOT NULL,
    weight_kg FLOAT,
    vat_rate DOUBLE NOT NULL DEFAULT 0.19,
    stock INT NOT NULL DEFAULT 0,
    shelf SMALLINT UNSIGNED,
    attributes JSON,
    description MEDIUMTEXT,
    picture BLOB,
    sold_from TIME,
    updated_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
  )`,
  `CREATE TABLE orders (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    customer_id BIGINT UNSIGNED NOT NULL,
    state ENUM('placed', 'paid', 'shipped', 'returned') NOT NULL DEFAULT 'placed',
    total DECIMAL(14,2) NOT NULL,
    currency CHAR(3) NOT NULL DEFAULT 'EUR',
    delivery_time TIME(3),
    note TEXT,
    flags BIT(6) NOT NULL DEFAULT b'000001',
    placed_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    FOREIGN KEY (customer_id) REFERENCES customers (id)
  )`,
  `CREATE TABLE order_items (
    order_id BIGINT NOT NULL,
    line_no SMALLINT NOT NULL,
    sku VARCHAR(24) CHARACTER SET latin1 NOT NULL,
    quantity MEDIUMINT NOT NULL,
    unit_price DECIMAL(10,2) NOT NULL,
    PRIMARY KEY (order_id, line_no),
    KEY (sku)
  )`,
  `CREATE TABLE payments (
    id BINARY(16) NOT NULL PRIMARY KEY,
    order_id BIGINT NOT NULL,
    amount DECIMAL(14,2) NOT NULL,
    receipt JSON,
    paid_at TIMESTAMP(6) NULL,
    settled_on DATE,
    KEY (order_id)
  )`,
  `CREATE TABLE carts (
    session CHAR(36) NOT NULL PRIMARY KEY,
    skus TEXT NOT NULL,
    opened_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
  )`,
];

/** The numbers 1 to 99,999, which both servers can make without a table. */
const NUMBERS =
  `(SELECT ${['a', 'b * 10', 'c * 100', 'd * 1000', 'e * 10000'].join(' + ')} AS i FROM ` +
  ['a', 'b', 'c', 'd', 'e'].map((name) => `${digits(name)} AS ${name}_`).join(', ') +
  ') AS numbers';

function digits(name: string): string {
  const rest = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit) => ` UNION ALL SELECT ${digit}`).join('');
  return `(SELECT 0 AS ${name}${rest})`;
}

const FILL_CUSTOMERS = `
INSERT INTO customers (email, name, status, newsletter, tags, preferences, credit, birthday, born,
                       avatar, created_at)
SELECT CONCAT('customer', i, '@example.com'),
       CONCAT(ELT(1 + i % 6, 'Ada', 'Zoë', 'Łukasz', '美咲', 'Ole', '🛒'), ' no. ', i),
       1 + i % 4, i % 3 = 0, i % 8,
       IF(i % 5 = 0, NULL, JSON_OBJECT('theme', 'dark', 'size', i % 9, 'emoji', '🛒')),
       (i % 100000) / 100, '1950-01-01' + INTERVAL i % 20000 DAY, 1950 + i % 50,
       IF(i % 6 = 0, UNHEX(SHA2(i, 256)), NULL),
       '2024-01-01 00:00:00.123' + INTERVAL i MINUTE
  FROM ${NUMBERS} WHERE i BETWEEN 1 AND ? ORDER BY i`;

const FILL_PRODUCTS = `
INSERT INTO products (sku, title, price, weight_kg, vat_rate, stock, shelf, attributes, description,
                      picture, sold_from, updated_at)
SELECT CONCAT('SKU-', i), CONCAT('Product ', i), 1 + (i % 9000) / 100, (i % 500) / 7,
       ELT(1 + i % 3, 0.19, 0.07, 0), i % 1000, i % 65536,
       JSON_OBJECT('colour', ELT(1 + i % 3, 'red', 'green', 'blue'), 'n', i),
       REPEAT(SHA2(i, 256), 95), UNHEX(REPEAT(SHA2(i, 256), 3)), SEC_TO_TIME(i),
       '2024-01-01 00:00:00.654321' + INTERVAL i HOUR
  FROM ${NUMBERS} WHERE i BETWEEN 1 AND ? ORDER BY i`;

const FILL_ORDERS = `
INSERT INTO orders (customer_id, state, total, delivery_time, note, flags, placed_at)
SELECT 1 + i % ?, 1 + i % 4, (i % 50000) / 100,
       IF(i % 3 = 0, SEC_TO_TIME(i % 90000 - 3600), NULL),
       IF(i % 10 = 0, 'leave at the door\\n"ring" \\\\ it''s twice', NULL), i % 64,
       '2024-01-01 00:00:00.5' + INTERVAL i SECOND
  FROM ${NUMBERS} WHERE i BETWEEN 1 AND ? ORDER BY i`;

const FILL_ITEMS = `
INSERT INTO order_items (order_id, line_no, sku, quantity, unit_price)
SELECT id, line, CONCAT('SKU-', 1 + (id * 7 + line) % ?), 1 + id % 5, (id % 4000) / 100
  FROM orders, (SELECT 1 AS line UNION ALL SELECT 2) AS line_numbers
 WHERE line <= 1 + id % 2`;

const FILL_PAYMENTS = `
INSERT INTO payments (id, order_id, amount, receipt, paid_at, settled_on)
SELECT UNHEX(LEFT(SHA2(CONCAT('payment', id), 256), 32)), id, total,
       JSON_OBJECT('order', id, 'paid', TRUE),
       '2024-02-01 00:00:00.000001' + INTERVAL id SECOND, '2024-02-02'
  FROM orders WHERE id % 2 = 0`;

/** Whether the shop is there, and whole: the table that is made last is. */
export async function hasMysqlShop(client: Connection): Promise<boolean> {
  const sql = 'SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?';
  const [rows] = await client.query(sql, [SHOP_DATABASE, 'carts']);
  return Array.isArray(rows) && rows.length > 0;
}

/** Makes the shop and fills it; what an earlier attempt left goes first. */
export async function createMysqlShop(client: Connection, size = DEMO_SHOP): Promise<void> {
  await client.query(`DROP DATABASE IF EXISTS ${SHOP_DATABASE}`);
  await client.query(`CREATE DATABASE ${SHOP_DATABASE} CHARACTER SET utf8mb4`);
  await client.query(`USE ${SHOP_DATABASE}`);
  const carts = SHOP_TABLES.at(-1) ?? '';
  for (const sql of SHOP_TABLES.slice(0, -1)) await client.query(sql);
  await fill(client, size);
  await client.query(carts);
}

async function fill(client: Connection, size: ShopSize): Promise<void> {
  await client.query(FILL_CUSTOMERS, [size.customers]);
  await client.query(FILL_PRODUCTS, [size.products]);
  await client.query(FILL_ORDERS, [size.customers, size.orders]);
  await client.query(FILL_ITEMS, [size.products]);
  await client.query(FILL_PAYMENTS);
}
