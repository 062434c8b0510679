import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import type { PrunePlan } from "../../../watchdog/pruner/plan.ts";
import { pruneOverSsh, type SshTarget, sshArguments, sshCommandLine } from "../../../watchdog/pruner/ssh.ts";
import { type FakeSsh, fakeSsh, RECLAIMED } from "../../helpers/fakes/ssh.ts";

const PLAN: PrunePlan = { until: { text: "72h", seconds: 259_200 }, all: false };
const never = new AbortController().signal;

const targetOf = ({ keyFile, knownHosts }: FakeSsh): SshTarget => ({
  host: { host: "box.example", port: 2222 },
  user: "ops",
  keyFile,
  knownHosts,
});
const pathTo = ({ dir }: FakeSsh): string => `${dir}:/usr/bin:/bin`;

async function reasonOf(t: TestContext, script: string, timeoutMs = 10_000): Promise<string> {
  const ssh = fakeSsh(t);
  ssh.does(script);
  return pruneOverSsh(targetOf(ssh), PLAN, { timeoutMs, signal: never, path: pathTo(ssh) }).then(
    (freed) => `freed ${freed}`,
    (error: Error) => error.message,
  );
}

test("ssh is called once, with the host, the user, the port, the key and the exact command", async (t) => {
  const ssh = fakeSsh(t);
  assert.equal(
    await pruneOverSsh(targetOf(ssh), PLAN, { timeoutMs: 10_000, signal: never, path: pathTo(ssh) }),
    9_800_000_000,
  );
  const [call, ...more] = ssh.calls();
  assert.deepEqual(more, []);
  assert.deepEqual(call?.slice(-3), ["--", "box.example", "docker builder prune -f --filter until=72h"]);
  for (const pair of [
    ["-l", "ops"],
    ["-p", "2222"],
    ["-i", ssh.keyFile],
    ["-F", "/dev/null"],
  ] as const)
    assert.equal(call?.[call.indexOf(pair[0]) + 1], pair[1]);
});

test("the host's key is verified against the mounted file alone, and nobody is asked anything", (t) => {
  const ssh = fakeSsh(t);
  const args = sshArguments(targetOf(ssh), PLAN);
  const options = args.flatMap((arg, index) => (args[index - 1] === "-o" ? [arg] : []));
  for (const option of [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    `UserKnownHostsFile=${ssh.knownHosts}`,
    "GlobalKnownHostsFile=/dev/null",
    "UpdateHostKeys=no",
    "IdentitiesOnly=yes",
  ]) {
    assert.ok(options.includes(option), option);
  }
  assert.match(options.join(" "), /ConnectTimeout=\d+/);
});

test("without a user, a port and a key none of them is said", () => {
  const args = sshArguments(
    { host: { host: "box", port: undefined }, user: undefined, keyFile: undefined, knownHosts: "/kh" },
    PLAN,
  );
  for (const flag of ["-l", "-p", "-i"]) assert.ok(!args.includes(flag), flag);
});

test("the program ssh gets no variable of ours, the bot's token least of all", async (t) => {
  const ssh = fakeSsh(t);
  process.env["WATCHDOG_TG_BOT_TOKEN"] = "123:secret";
  t.after(() => delete process.env["WATCHDOG_TG_BOT_TOKEN"]);
  await pruneOverSsh(targetOf(ssh), PLAN, { timeoutMs: 10_000, signal: never, path: pathTo(ssh) });
  const { PWD: _pwd, OLDPWD: _oldpwd, SHLVL: _shlvl, _: _last, ...env } = ssh.environment();
  assert.deepEqual(Object.keys(env).sort(), ["LC_ALL", "PATH"]);
});

test("the command line for people can be pasted into a shell", (t) => {
  const ssh = fakeSsh(t);
  assert.match(
    sshCommandLine(targetOf(ssh), { ...PLAN, all: true }),
    /^ssh -F \/dev\/null .* -- box\.example 'docker builder prune -f -a --filter until=72h'$/,
  );
});

test("a refused key or host is a failure in ssh's own words", async (t) => {
  assert.equal(
    await reasonOf(t, "echo 'Host key verification failed.' >&2; exit 255"),
    "ssh ended with code 255: Host key verification failed.",
  );
});

test("ssh's loudest warning is told without its frame", async (t) => {
  const frame = "@".repeat(59);
  const script = `printf '${frame}\\r\\n@ WARNING: IT HAS CHANGED! @\\r\\n${frame}\\r\\nHost key verification failed.\\r\\n' >&2; exit 255`;
  assert.equal(
    await reasonOf(t, script),
    "ssh ended with code 255: WARNING: IT HAS CHANGED! Host key verification failed.",
  );
});

test("docker's own failure is told with its code", async (t) => {
  assert.equal(
    await reasonOf(t, "echo 'Cannot connect to the Docker daemon' >&2; exit 1"),
    "ssh ended with code 1: Cannot connect to the Docker daemon",
  );
  assert.equal(await reasonOf(t, "exit 127"), "ssh ended with code 127");
});

test("a failure that printed a total is a failure all the same", async (t) =>
  assert.match(await reasonOf(t, `${RECLAIMED}; exit 3`), /code 3/));

test("an ssh that was killed is a failure", async (t) => assert.match(await reasonOf(t, "kill -9 $$"), /SIGKILL/));

test("output that says nothing of what was freed is a success of unknown size", { timeout: 20_000 }, async (t) => {
  for (const script of ["echo hello", ":", "echo 'Total reclaimed space: much'"]) {
    const ssh = fakeSsh(t);
    ssh.does(script);
    assert.equal(
      await pruneOverSsh(targetOf(ssh), PLAN, { timeoutMs: 5000, signal: never, path: pathTo(ssh) }),
      undefined,
      script,
    );
  }
});

test("control characters in foreign output do not get through", async (t) => {
  assert.equal(
    await reasonOf(t, "printf '\\033[31mred\\nline\\n' >&2; exit 1"),
    "ssh ended with code 1: \ufffd[31mred line",
  );
});

test("a flood of output is cut, and the total at its end still read", async (t) => {
  assert.equal(
    await reasonOf(t, `/usr/bin/head -c 3000000 /dev/zero | /usr/bin/tr '\\0' 'x'; echo; ${RECLAIMED}`),
    "freed 9800000000",
  );
});

test("an ssh that hangs is ended at the deadline, also one that ignores the first signal", async (t) => {
  const before = performance.now();
  assert.equal(await reasonOf(t, "exec /bin/sleep 60", 200), "no end within 0.2 s");
  assert.equal(await reasonOf(t, "trap '' TERM; /bin/sleep 60", 200), "no end within 0.2 s");
  assert.ok(performance.now() - before < 10_000);
});

test("stopping ends it at once", async (t) => {
  const ssh = fakeSsh(t);
  ssh.does("exec /bin/sleep 60");
  const stop = new AbortController();
  const run = pruneOverSsh(targetOf(ssh), PLAN, { timeoutMs: 60_000, signal: stop.signal, path: pathTo(ssh) });
  setTimeout(() => stop.abort(), 100);
  await assert.rejects(run, /stopped/);
});

test("without a program ssh it says which image has one", async (t) => {
  const ssh = fakeSsh(t);
  await assert.rejects(
    pruneOverSsh(targetOf(ssh), PLAN, { timeoutMs: 1000, signal: never, path: "/nowhere" }),
    /not installed here.*pruner-ssh/,
  );
});
