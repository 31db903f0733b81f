import type { Emulator, EmulatorOptions } from '../src/index.ts';
import { startEmulator } from '../src/index.ts';

/** Instance that the tests dial. */
export const ORDERS = 'demo-shop:europe-west1:orders';
/** A second instance, on addresses of its own. */
export const STOCK = 'demo-shop:europe-west1:stock';
/** A service account with both roles and a database user. */
export const APP = 'app@demo-shop.iam.gserviceaccount.com';
/** Its database user. */
export const APP_USER = 'app@demo-shop.iam';
/** A person with both roles and a database user. */
export const ADA = 'ada@example.com';
/** May call the admin API, but has no database user. */
export const STRANGER = 'stranger@demo-shop.iam.gserviceaccount.com';
/** May call the admin API and has a database user, but may not log in with IAM. */
export const CLIENT_ONLY = 'client@demo-shop.iam.gserviceaccount.com';
/** May log in with IAM, but not call the admin API. */
export const USER_ONLY = 'user@demo-shop.iam.gserviceaccount.com';

/** Has no role at all. */
export const NOBODY = 'nobody@demo-shop.iam.gserviceaccount.com';

/** Starts an emulator with everyone the tests need. */
export async function startTestEmulator(options: Partial<EmulatorOptions> = {}): Promise<Emulator> {
  return await startEmulator({
    principals: [
      { email: APP },
      { email: ADA },
      { email: STRANGER },
      { email: CLIENT_ONLY, roles: ['cloudsql.client'] },
      { email: USER_ONLY, roles: ['cloudsql.instanceUser'] },
      { email: NOBODY, roles: [] },
    ],
    instances: [
      {
        name: ORDERS,
        databases: ['orders'],
        users: [
          { email: APP, databaseRoles: ['cloudsqlsuperuser'] },
          { email: ADA },
          { email: CLIENT_ONLY },
          { email: USER_ONLY },
          { name: 'native', password: 'secret' },
        ],
      },
    ],
    ...options,
  });
}
