/** The value that this part (0 to 1) of the values does not exceed; NaN of none. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? NaN;
}

/** A straight line through points, and how sure its slope is. */
export interface Trend {
  /** Growth of y per unit of x. */
  readonly slope: number;
  /** Half of the interval that holds the slope with 95 % confidence. */
  readonly margin: number;
}

/** Of Student's distribution, two-sided, by degrees of freedom; 1.96 from 30 on is near enough. */
const T95 = [NaN, 12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.2, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.1, 2.09, 2.09, 2.08, 2.07, 2.07, 2.06, 2.06, 2.06, 2.05, 2.05, 2.05];

/** The least-squares line. Three points at least, or nothing is known: the margin is infinite. */
export function trendOf(points: readonly (readonly [number, number])[]): Trend {
  const count = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / count;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / count;
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
  const residual = points.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0);
  const freedom = count - 2;
  if (freedom < 1) return { slope: count < 2 ? 0 : slope, margin: Infinity };
  return { slope, margin: (T95[freedom] ?? 1.96) * Math.sqrt(residual / freedom / spread) };
}
