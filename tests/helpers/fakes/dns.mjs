// Preloaded into the daemon (NODE_OPTIONS): the name telegram.invalid, which no resolver knows (RFC 2606), begins to resolve
// to this machine once the file FAKE_DNS exists. Until then the failure is the system's own.
import dns from "node:dns";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const real = dns.lookup;

dns.lookup = (name, options, callback) => {
  const done = typeof options === "function" ? options : callback;
  if (name !== "telegram.invalid" || !fs.existsSync(process.env.FAKE_DNS)) return real(name, options, callback);
  const all = typeof options === "object" && options.all === true;
  process.nextTick(() => (all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4)));
};
syncBuiltinESMExports();
