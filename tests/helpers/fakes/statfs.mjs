// Preloaded into the daemon (NODE_OPTIONS) so that a test can fill, mend or hang a disk: statfs and stat of the paths
// that the file FAKE_STATFS names answer as it says; all others are the system's. No test needs a disk of its own for it.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const control = process.env.FAKE_STATFS;
const real = { stat: fs.promises.stat, statfs: fs.promises.statfs };
const BLOCKS = 1_000_000;
/** Of them for root alone, as ext4 keeps 5 % by default: what is free and what is available are two numbers. */
const RESERVED = BLOCKS * 0.05;

function scripted(path) {
  if (control === undefined || !fs.existsSync(control)) return undefined;
  return JSON.parse(fs.readFileSync(control, "utf8"))[path];
}

function failing(state, call, path) {
  if (state.hangs) return new Promise(() => {});
  if (state.error)
    return Promise.reject(Object.assign(new Error(`${state.error}: ${call} '${path}'`), { code: state.error }));
  return undefined;
}

fs.promises.stat = (path, ...rest) => {
  const state = scripted(path);
  return state
    ? (failing(state, "stat", path) ?? Promise.resolve({ dev: state.device ?? 1000, mode: fs.constants.S_IFREG }))
    : real.stat(path, ...rest);
};
fs.promises.statfs = (path, ...rest) => {
  const state = scripted(path);
  if (!state) return real.statfs(path, ...rest);
  // usedPct is df's: used / (used + available).
  const available = Math.round((BLOCKS - RESERVED) * (1 - state.usedPct / 100));
  const files = 1000;
  return (
    failing(state, "statfs", path) ??
    Promise.resolve({
      type: 0,
      bsize: 1024 * 1024,
      blocks: BLOCKS,
      bfree: available + RESERVED,
      bavail: available,
      files,
      ffree: Math.round(files * (1 - (state.inodePct ?? 10) / 100)),
    })
  );
};
syncBuiltinESMExports();
