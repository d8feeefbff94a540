import type { CDPSession, Page } from "playwright-core";

/** What a page's pictures cost, each figure for one picture. */
export interface FrameCost {
  readonly pictures: number;
  /** Milliseconds of processor time of the page's main thread, whatever else the machine does: all of them, and their parts. */
  readonly all: number;
  readonly script: number;
  readonly style: number;
  readonly layout: number;
  /** How often the page was laid out. More than once is thrashing. */
  readonly layouts: number;
  /** Nodes that were changed, added or removed: half of the pictures had at most `touched`, one had `mostTouched`. */
  readonly touched: number;
  readonly mostTouched: number;
}

/** Looks at so many of a page's pictures that change something. */
export async function frameCost(page: Page, pictures: number): Promise<FrameCost> {
  const session = await page.context().newCDPSession(page);
  // Ticks of the thread, not of the clock: a loaded machine gives the same figures.
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const before = await metrics(session);
  const touched = await countTouched(page, pictures);
  const after = await metrics(session);
  await session.detach();
  const perPicture = (name: string, unit = 1): number => (((after.get(name) ?? NaN) - (before.get(name) ?? NaN)) * unit) / pictures;
  return {
    pictures,
    all: perPicture("TaskDuration", 1000),
    script: perPicture("ScriptDuration", 1000),
    style: perPicture("RecalcStyleDuration", 1000),
    layout: perPicture("LayoutDuration", 1000),
    layouts: perPicture("LayoutCount"),
    touched: touched[Math.floor(touched.length / 2)] ?? NaN,
    mostTouched: touched.at(-1) ?? NaN,
  };
}

async function metrics(session: CDPSession): Promise<ReadonlyMap<string, number>> {
  const { metrics: found } = await session.send("Performance.getMetrics");
  return new Map(found.map(({ name, value }) => [name, value]));
}

/** How many nodes each of the next pictures touches, from the fewest to the most. A picture is drawn by one task, and so told at once. */
function countTouched(page: Page, pictures: number): Promise<number[]> {
  return page.evaluate(
    (wanted) =>
      new Promise<number[]>((resolve) => {
        const counts: number[] = [];
        const observer = new MutationObserver((records) => {
          const nodes = new Set<Node>();
          for (const { type, target, addedNodes, removedNodes } of records) {
            if (type !== "childList") nodes.add(target);
            for (const node of [...addedNodes, ...removedNodes]) nodes.add(node);
          }
          counts.push(nodes.size);
          if (counts.length < wanted) return;
          observer.disconnect();
          resolve(counts.sort((one, other) => one - other));
        });
        observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
      }),
    pictures,
  );
}
