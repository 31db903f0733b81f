CREATE TABLE "drizzle_orders" (
	"id" serial PRIMARY KEY NOT NULL,
	"item" text NOT NULL,
	"quantity" integer NOT NULL
);
