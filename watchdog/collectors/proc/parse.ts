/** Parsers of proc(5) texts. Pure: undefined for what cannot be understood. */

export interface ProcStat {
  /** The program's own name for itself, as it stands there: up to 15 bytes of anything. */
  readonly comm: string;
  readonly ppid: number;
  /** utime + stime, in clock ticks. */
  readonly cpuTicks: number;
  /** After boot, in clock ticks. Together with the pid it names a process for good. */
  readonly startTicks: number;
  /** Resident memory, in pages. */
  readonly rssPages: number;
}

/**
 * proc_pid_stat(5). comm (field 2) is in parentheses and may itself hold spaces, parentheses and newlines, so fields are counted after the last `)`.
 */
export function parseStat(text: string): ProcStat | undefined {
  const fields = text
    .slice(text.lastIndexOf(")") + 1)
    .trim()
    .split(/\s+/);
  // The first field after comm is number 3, the state.
  const field = (number: number): number | undefined => {
    const raw = fields[number - 3];
    return raw !== undefined && /^\d{1,20}$/.test(raw) ? Number(raw) : undefined;
  };
  const [ppid, utime, stime, startTicks, rssPages] = [field(4), field(14), field(15), field(22), field(24)];
  // A text cut inside field 22 would pass for a smaller number: the field has to be followed by another.
  if (fields.length < 21 || !text.includes(")")) return undefined;
  if (ppid === undefined || utime === undefined || stime === undefined || startTicks === undefined) return undefined;
  const comm = text.slice(text.indexOf("(") + 1, text.lastIndexOf(")"));
  return { comm, ppid, cpuTicks: utime + stime, startTicks, rssPages: rssPages ?? 0 };
}

/** proc_stat(5): `btime` is the boot time in seconds since the epoch. */
export function parseBtime(text: string): number | undefined {
  const match = /^btime (\d{1,15})$/m.exec(text);
  return match ? Number(match[1]) : undefined;
}

const AT_CLKTCK = 17;
const DEFAULT_CLK_TCK = 100;

/** getauxval(3): pairs of machine words (type, value); AT_CLKTCK is the frequency of times(2). 100 where it cannot be found. */
export function parseClockTicks(auxv: Buffer, wordBytes: 4 | 8, littleEndian: boolean): number {
  const word = (offset: number): number => {
    if (wordBytes === 4) return littleEndian ? auxv.readUInt32LE(offset) : auxv.readUInt32BE(offset);
    return Number(littleEndian ? auxv.readBigUInt64LE(offset) : auxv.readBigUInt64BE(offset));
  };
  for (let offset = 0; offset + 2 * wordBytes <= auxv.length; offset += 2 * wordBytes) {
    const value = word(offset + wordBytes);
    if (word(offset) === AT_CLKTCK && value > 0 && value <= 100_000) return value;
  }
  return DEFAULT_CLK_TCK;
}
