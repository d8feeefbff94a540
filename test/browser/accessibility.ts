import axe from "axe-core";
import type { Page } from "playwright-core";

/** What must hold: WCAG 2.1, level AA. */
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];

/** What axe-core finds wrong with a page as it is shown now: one line a place. Of `contrast`, the contrast of texts alone. */
export async function faultsOf(page: Page, of: "everything" | "contrast" = "everything"): Promise<string[]> {
  // The page's own policy runs no script but its node's; what a debugger evaluates is not asked.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  const runOnly = of === "contrast" ? { type: "rule" as const, values: ["color-contrast"] } : { type: "tag" as const, values: RULES };
  return page.evaluate(async (only) => {
    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run(document, { runOnly: only, resultTypes: ["violations"] });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${(failureSummary ?? "").split("\n").slice(1).join(" ").trim()}`));
  }, runOnly);
}
