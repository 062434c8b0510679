import { formatsOf, hoursText, type Words } from "../format.ts";

export const shortUnits = { day: "d", hour: "h", minute: "min", second: "s" };

/** How English counts and dates. The tag has a region, because dates in the order of America would be taken for others. */
export const words: Words = {
  tag: "en-GB",
  units: {
    day: { one: "day", other: "days" },
    hour: { one: "hour", other: "hours" },
    minute: { one: "minute", other: "minutes" },
    second: { one: "second", other: "seconds" },
  },
  shortUnits,
  sizes: ["B", "KB", "MB", "GB", "TB"],
};

export const { plural, duration, short, size, time, date } = formatsOf(words);
export const times = (n: number): string => plural(n, { one: "time", other: "times" });
export const age = (s: number): string => hoursText(s, shortUnits.hour) ?? duration(s * 1000);
