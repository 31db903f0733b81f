import type { ServiceName } from '../instance/instance.ts';
import { alloyDb } from './alloydb.ts';
import { cloudSql } from './cloud-sql.ts';
import type { Service } from './service.ts';

/** All services, by the name that an instance carries. */
export const services: Readonly<Record<ServiceName, Service>> = { 'cloud-sql': cloudSql, alloydb: alloyDb };
