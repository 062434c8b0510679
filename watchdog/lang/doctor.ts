import { doctorEn } from "./doctor-en.ts";
import { type DoctorLang, doctorRu } from "./doctor-ru.ts";
import type { LangCode } from "./format.ts";

export type { DoctorLang, Place } from "./doctor-ru.ts";
export const DOCTOR_LANGS: Readonly<Record<LangCode, DoctorLang>> = { ru: doctorRu, en: doctorEn };
