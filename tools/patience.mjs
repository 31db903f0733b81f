// What tests wait for may take longer on a busy machine than the one second that Vitest waits by default. Where it takes
// less, this costs nothing. `expect.poll` has a setting for that, `vi.waitFor` has none.

import { vi } from 'vitest';

const { waitFor } = vi;

vi.waitFor = (callback, options = {}) =>
  waitFor(callback, { timeout: 10_000, ...(typeof options === 'number' ? { timeout: options } : options) });
