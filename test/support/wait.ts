/** Waiting in tests: never for a time, always for a fact, and never for ever. */

const pollMs = 10;

/**
 * Waits until `probe` yields something truthy and returns it.
 *
 * A probe that throws counts as "not yet"; its last error is the cause of the failure when time is up.
 *
 * @param what completes the sentence "waited 5000 ms for …"
 */
export async function waitUntil<T>(
  what: string,
  probe: () => T | Promise<T>,
  deadlineMs = 60_000,
): Promise<NonNullable<T>> {
  const end = performance.now() + deadlineMs;
  let cause: unknown;
  for (;;) {
    try {
      const seen = await probe();
      if (seen) return seen;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= end) throw new Error(`waited ${deadlineMs} ms for ${what}`, { cause });
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** Fails when `promise` is still open after `deadlineMs`: for events that must come by themselves. */
export async function within<T>(what: string, promise: Promise<T>, deadlineMs = 60_000): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${deadlineMs} ms for ${what}`)), deadlineMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
