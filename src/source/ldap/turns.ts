/** Lets few pieces of work run at a time; the others wait in their order. */

/** Calls what is given to it, now or later. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** @param max pieces of work that may be under way at a time */
export function turns(max: number): InTurn {
  const waiting: (() => void)[] = [];
  let underWay = 0;
  return async (work) => {
    if (underWay < max) underWay++;
    // Whoever ends hands its place on.
    else await new Promise<void>((go) => waiting.push(go));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) underWay--;
      else next();
    }
  };
}
