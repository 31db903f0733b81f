import { ScriptError } from './script-error.ts';

/**
 * The form in which the engine, compiled from Rust, wants the methods of a driver adapter to answer: nothing is thrown,
 * an error is a value. What is no error of the driver is kept here, and the engine names it by number.
 */
type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: object };

/** Keeps the errors that have no form of their own on the other side. */
export class ErrorRegistry {
  readonly #errors: unknown[] = [];

  /** The last one that was kept: what the engine makes of it says less. */
  latest: unknown;

  /** The last script that failed. */
  failedScript: ScriptError | undefined;

  /** Called by the engine. */
  consumeError(id: number): { readonly error: unknown } | undefined {
    return id in this.#errors ? { error: this.#errors[id] } : undefined;
  }

  keep(error: unknown): number {
    this.latest = error;
    return this.#errors.push(error) - 1;
  }
}

/** Lends `target` to the engine: each of its methods answers with an outcome, and so do the objects that they make. */
export function lend(target: object, errorRegistry: ErrorRegistry = new ErrorRegistry()): object {
  const asValue = (error: unknown): Outcome => ({ ok: false, error: describe(error, errorRegistry) });
  const asLent = (value: unknown): Outcome => ({
    ok: true,
    value: isAdapter(value) ? lend(value, errorRegistry) : value,
  });
  return new Proxy(target, {
    get(owner, name) {
      if (name === 'errorRegistry') return errorRegistry;
      const member: unknown = Reflect.get(owner, name, owner);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        try {
          const result: unknown = member.apply(owner, args);
          return result instanceof Promise ? result.then(asLent, asValue) : asLent(result);
        } catch (error) {
          return asValue(error);
        }
      };
    },
  });
}

function isAdapter(value: unknown): value is object {
  return typeof value === 'object' && value !== null && 'queryRaw' in value;
}

function describe(error: unknown, registry: ErrorRegistry): object {
  if (!isAdapterError(error)) return { kind: 'GenericJs', id: registry.keep(error) };
  if (error instanceof ScriptError) registry.failedScript = error;
  return error.cause;
}

/** Tells an error of a driver adapter, which has the form that the engine knows in `cause`. */
export function isAdapterError(error: unknown): error is Error & { readonly cause: object } {
  return error instanceof Error && error.name === 'DriverAdapterError' && typeof error.cause === 'object';
}
