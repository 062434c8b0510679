export interface Cover {
  readonly by: string;
  readonly covers: string;
  /** The recovery of the first says that the second still stands. */
  readonly recoverySaysSo: boolean;
}

/** One subject, one alert: while the first kind stands, the second says nothing new about the same subject. Its signal stays as it is. */
const COVERS: readonly Cover[] = [
  { by: "disk_crit", covers: "disk", recoverySaysSo: true },
  { by: "disk_crit", covers: "disk_forecast", recoverySaysSo: false },
  { by: "disk", covers: "disk_forecast", recoverySaysSo: false },
];

/** The other side of each row in which this key stands on the side `mine`, about the same subject. */
export function partners(key: string, mine: "by" | "covers"): (Cover & { readonly id: string })[] {
  const colon = key.indexOf(":");
  const kind = key.slice(0, Math.max(0, colon));
  return COVERS.filter((row) => row[mine] === kind).map((row) => ({
    ...row,
    id: `${mine === "by" ? row.covers : row.by}${key.slice(colon)}`,
  }));
}
