import { schemaEnginePath } from '@x/prisma-cloudsql/schema-engine';
import { defineConfig } from 'prisma/config';

// Experimental: lets `prisma migrate` and `prisma db` connect as the application does. See the README of the package.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= schemaEnginePath();

const { INSTANCE_CONNECTION_NAME: instance, DB_NAME = 'orders', DB_IAM_USER = '', PRIVATE_IP } = process.env;
const login = DB_IAM_USER && `${encodeURIComponent(DB_IAM_USER)}@`;
const ipType = PRIVATE_IP ? 'PRIVATE' : 'PUBLIC';

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  // `prisma generate` needs no database.
  ...(instance && {
    datasource: {
      url: `postgresql://${login}/${DB_NAME}?instance=${instance}&ipType=${ipType}&schema=prisma_orders`,
    },
  }),
});
