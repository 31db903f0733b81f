import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core';

export const orders = pgTable('drizzle_orders', {
  id: serial('id').primaryKey(),
  item: text('item').notNull(),
  quantity: integer('quantity').notNull(),
});
