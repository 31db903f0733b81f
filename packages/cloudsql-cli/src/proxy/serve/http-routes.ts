import type { ProxyConfig } from '../config/proxy-config.ts';
import type { Health } from './health.ts';
import type { Answer, Route } from './http-server.ts';
import type { Metrics } from './metrics.ts';

/** The paths for probes and scrapers. */
export function healthRoutes(
  { health: wanted, backendCheck }: NonNullable<ProxyConfig['http']>,
  health: Health,
  metrics: Metrics | undefined,
): Readonly<Record<string, Route>> {
  return {
    ...(wanted ? probes(health, backendCheck) : {}),
    ...(metrics ? { '/metrics': async () => ({ status: 200, ...(await metrics.text()) }) } : {}),
  };
}

function probes(health: Health, backendCheck: boolean): Readonly<Record<string, Route>> {
  let started = false;
  return {
    '/startup': async () => {
      if (health.phase === 'STARTING') return { status: 503, body: 'error' };
      // Once it was so it stays so: it is readiness that changes.
      if (!backendCheck || started) return { status: 200, body: 'ok' };
      const answer = verdict(await health.unreachable());
      started = answer.status === 200;
      return answer;
    },
    '/liveness': () => ({ status: 200, body: 'ok' }),
    '/readiness': async ({ url = '' }) => {
      const asked = new URL(url, 'http://localhost').searchParams.get('min-ready');
      if (asked === null) return verdict(await health.problems());
      const enough = /^[1-9]\d*$/.test(asked) ? Number(asked) : Number.POSITIVE_INFINITY;
      // Before the start nobody knows how many there are.
      if (health.phase === 'SERVING' && enough > health.instances) {
        return { status: 400, body: `min-ready must be from 1 to ${health.instances}` };
      }
      return verdict(await health.problems(enough));
    },
  };
}

function verdict(problems: readonly string[]): Answer {
  return problems.length === 0 ? { status: 200, body: 'ok' } : { status: 503, body: `${problems.join('\n')}\n` };
}

/** What the admin server can do. */
export function adminRoutes(
  { quit, debug }: NonNullable<ProxyConfig['admin']>,
  onQuit: () => void,
): Readonly<Record<string, Route>> {
  return {
    ...(quit ? { '/quitquitquit': quitRoute(onQuit) } : {}),
    ...(debug
      ? {
          '/debug/pprof/': () => ({ status: 200, body: 'profile?seconds=30  a .cpuprofile\nheap  a .heapsnapshot\n' }),
          '/debug/pprof/profile': async (request) => (await import('./profiles.ts')).cpuProfile(request),
          '/debug/pprof/heap': async (_, response) => (await import('./profiles.ts')).heapSnapshot(response),
        }
      : {}),
  };
}

function quitRoute(onQuit: () => void): Route {
  return ({ method }) => {
    if (method !== 'GET' && method !== 'POST') return { status: 400, body: 'use GET or POST' };
    onQuit();
    return { status: 200, body: 'ok' };
  };
}
