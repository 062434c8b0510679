import { KIND_NAMES, KINDS, type KindName, keyOf, type Topic } from "../kinds.ts";

/** One subject, one alert: while the first kind stands, the second says nothing new about the same subject. Its signal stays as it is. */
interface Partner {
  /** Of the other side. */
  readonly id: string;
  /** The recovery of the one that covers says that the other still stands. */
  readonly recoverySaysSo: boolean;
}

/** What says it already, about the same subject. */
export function coversOf({ kind, subject }: Topic): Partner[] {
  return (KINDS[kind].coveredBy ?? []).map(({ kind: by, recoverySaysSo }) => ({
    id: keyOf({ kind: by as KindName, ...(subject === undefined ? {} : { subject }) }),
    recoverySaysSo,
  }));
}

/** What it says already, about the same subject. */
export function coveredBy({ kind, subject }: Topic): Partner[] {
  return KIND_NAMES.flatMap((other) =>
    (KINDS[other].coveredBy ?? [])
      .filter((cover) => cover.kind === kind)
      .map(({ recoverySaysSo }) => ({
        id: keyOf({ kind: other, ...(subject === undefined ? {} : { subject }) }),
        recoverySaysSo,
      })),
  );
}
