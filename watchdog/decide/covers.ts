import { KIND_NAMES, KINDS, type KindName, keyOf, type Topic } from "../kinds.ts";

/** The other side of a cover (`coveredBy` of kinds.ts), about the same subject. */
interface Partner {
  readonly id: string;
  readonly recoverySaysSo: boolean;
}

/** The alerts that say already what this one would say. */
export function coversOf({ kind, subject }: Topic): Partner[] {
  return (KINDS[kind].coveredBy ?? []).map((cover) => partner(cover.kind, subject, cover.recoverySaysSo));
}

/** The alerts that say nothing new while this one stands. */
export function coveredOf({ kind, subject }: Topic): Partner[] {
  return KIND_NAMES.flatMap((other) =>
    (KINDS[other].coveredBy ?? [])
      .filter((cover) => cover.kind === kind)
      .map(({ recoverySaysSo }) => partner(other, subject, recoverySaysSo)),
  );
}

function partner(kind: KindName, subject: string | undefined, recoverySaysSo: boolean): Partner {
  return { id: keyOf({ kind, subject } as Topic), recoverySaysSo };
}
