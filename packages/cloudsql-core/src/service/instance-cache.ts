import { deadline, waitOrAbort } from '../deadline.ts';
import { type CloudSqlError, cloudSqlError } from '../errors.ts';
import type { Instance } from '../instance/instance.ts';
import type { ResolvedNetworkOptions } from '../options/network-options.ts';
import { RefreshAhead } from '../refresh/ahead.ts';
import { RefreshLazily } from '../refresh/lazy.ts';
import type { RefreshPolicy } from '../refresh/policy.ts';
import { publish } from '../telemetry.ts';
import type { ConnectionInfo } from './connection-info.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Service } from './service.ts';
import { staticConnectionInfo } from './static-info.ts';

/** How what is known is kept fresh. */
type CacheOptions = Pick<ResolvedNetworkOptions, 'refresh' | 'alloyDbCertificateMs' | 'alloyDbStaticInfo'>;

/** How long one fetch of metadata and certificate may take, in milliseconds; it outlives the dial that started it. */
const refreshTimeoutMs = 60_000;

/** What is known of one instance, and kept fresh: with an identity in the certificate, or without. */
export class InstanceCache {
  readonly instance: Instance;
  readonly iam: boolean;
  readonly info: RefreshPolicy<ConnectionInfo>;
  readonly #service: Service;
  readonly #plane: ControlPlane;
  readonly #options: CacheOptions;
  #error: Error | undefined;

  constructor(service: Service, plane: ControlPlane, instance: Instance, iam: boolean, options: CacheOptions) {
    this.#service = service;
    this.#plane = plane;
    this.instance = instance;
    this.iam = iam;
    this.#options = options;
    const Policy = options.refresh === 'LAZY' ? RefreshLazily : RefreshAhead;
    this.info = new Policy((closing) => this.#fetch(closing));
  }

  /** The last failed refresh, until one succeeds. */
  get error(): Error | undefined {
    return this.#error;
  }

  async #fetch(closing: AbortSignal): Promise<ConnectionInfo> {
    const started = performance.now();
    const instance = this.instance.id;
    const what = `No certificate within ${refreshTimeoutMs} ms`;
    const limit = deadline(
      refreshTimeoutMs,
      () => cloudSqlError('CLOUDSQL_REFRESH_TIMEOUT', what, { instance }),
      closing,
    );
    try {
      const info = await waitOrAbort(this.#fetchNow(limit.signal), limit.signal);
      this.#error = undefined;
      publish('refresh', { instance, durationMs: performance.now() - started, expiresAt: new Date(info.expiresAt) });
      return info;
    } catch (cause) {
      const error = cause as Error;
      this.#error = error;
      publish('refresh', { instance, durationMs: performance.now() - started, error });
      if (this.info.peek()) this.#plane.logger?.warn(`The certificate in hand stays in use: ${error.message}`);
      throw error;
    } finally {
      limit.clear();
    }
  }

  async #fetchNow(signal: AbortSignal): Promise<ConnectionInfo> {
    const { endpoint, credentials } = this.#plane;
    const { alloyDbStaticInfo: known, alloyDbCertificateMs } = this.#options;
    const { instance, iam } = this;
    if (known && instance.service === 'alloydb') return staticConnectionInfo(known, instance);
    // Under way before anything else, because it is the slowest part of a cold start.
    const keyPair = this.#plane.keyPair();
    keyPair.catch(() => {});
    const api = await this.#plane.api();
    const request = { instance, iam, api, endpoint, credentials, keyPair, alloyDbCertificateMs, signal };
    return this.#service.fetch(request).catch((error: CloudSqlError) => {
      if (error.code !== 'CLOUDSQL_TOKEN_REFUSED') throw error;
      // It was revoked, or is older than the clock says. That token is not handed out again.
      return this.#service.fetch(request);
    });
  }
}
