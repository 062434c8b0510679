import type * as ru from "./ru/index.ts";

/** Everything of one language. Russian is the type, and every other language must match it. */
export type Locale = typeof ru;
export type Lang = Locale["texts"];
export type PageTexts = Locale["page"];
export type DoctorTexts = Locale["doctor"];
export type PruneTexts = Locale["prune"];
