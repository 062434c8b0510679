// npm run soak [-- ticks]: 20,000 ticks of the built bundle against real sockets; some minutes. Exits with 1 when it leaks or loses.
import { randomOf } from "../../helpers/drivers/random.ts";
import { judgeSoak, type Sample, soak } from "./soak.ts";

const ticks = Number(process.argv[2] ?? 20_000);
const seed = Number(process.env["SEED"] ?? randomOf(Date.now()).whole(1, 1_000_000));
const cleanups: (() => unknown)[] = [];
const shown = ({ ticks: at, heapBytes, rssBytes, descriptors }: Sample): string =>
  `${String(at).padStart(7)} ticks: heap ${(heapBytes / 2 ** 20).toFixed(1)} MB, resident ${(rssBytes / 2 ** 20).toFixed(1)} MB, ${descriptors} open descriptors`;

console.log(`soak: ${ticks} ticks, SEED=${seed}`);
try {
  const report = await soak(
    { after: (cleanup: unknown) => void cleanups.push(cleanup as () => unknown) },
    ticks,
    seed,
    (sample) => console.log(shown(sample)),
  );
  console.log(
    `${report.incidents} incidents and ${report.failures} failed jobs in ${report.messages} messages, ${report.lost.length} lost, ${report.seconds.toFixed(0)} s`,
  );
  const problems = judgeSoak(report);
  for (const problem of problems) console.error(`soak: ${problem}`);
  process.exitCode = problems.length > 0 ? 1 : 0;
} finally {
  for (const cleanup of cleanups.reverse()) await cleanup();
}
