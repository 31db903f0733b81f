import { generate } from '@x/example-prisma/migrate';

/** Before the type tests: the types of a Prisma client exist once it has been generated. */
export const setup = (): Promise<void> => generate();
