import assert from "node:assert/strict";
import test from "node:test";
import {
  address,
  containerName,
  count,
  dailySpan,
  dependency,
  diskPath,
  dockerTarget,
  flag,
  hostPort,
  httpUrl,
  hysteresis,
  oneOf,
  type Parser,
  pattern,
  percent,
  percentOrOff,
  period,
  periodOrOff,
  withinDailySpan,
} from "../../../watchdog/config/value.ts";

function accepts<T>(parser: Parser<T>, cases: Readonly<Record<string, T>>): void {
  for (const [raw, value] of Object.entries(cases)) assert.deepEqual(parser.parse(raw), value, `${raw} is allowed`);
}

function refuses<T>(parser: Parser<T>, raws: readonly string[]): void {
  for (const raw of raws) assert.equal(parser.parse(raw), undefined, `${JSON.stringify(raw)} is not allowed`);
}

const NOT_DECIMAL = [
  "NaN",
  "Infinity",
  "-Infinity",
  "0x10",
  "1e3",
  "1_000",
  "5s",
  "five",
  "1,5",
  "--1",
  ".",
  " ",
  "1 2",
  "٣",
];

test("a flag is one of eight words in any case", () => {
  accepts(flag, {
    true: true,
    TRUE: true,
    "1": true,
    Yes: true,
    on: true,
    false: false,
    "0": false,
    NO: false,
    oFf: false,
  });
  refuses(flag, ["2", "y", "t", "enabled", "truee", " true"]);
});

test("a period is positive and may be a fraction", () => {
  accepts(period, { "0.5": 0.5, ".5": 0.5, "30": 30, "+30": 30, "86400.25": 86400.25 });
  refuses(period, ["0", "0.0", "-0", "-1", ...NOT_DECIMAL]);
});

test("a period that can be off takes 0 and nothing below", () => {
  accepts(periodOrOff, { "0": 0, "0.0": 0, "0.001": 0.001, "15": 15 });
  refuses(periodOrOff, ["-1", "-0.001", ...NOT_DECIMAL]);
});

test("a count is whole and at least 1", () => {
  accepts(count, { "1": 1, "2": 2, "1000000": 1_000_000 });
  refuses(count, ["0", "-1", "1.5", "0.5", "9007199254740993", ...NOT_DECIMAL]);
});

test("a percentage reaches from 1 to 100, both included, and may be a fraction", () => {
  accepts(percent, { "1": 1, "1.5": 1.5, "85": 85, "99.9": 99.9, "100": 100 });
  refuses(percent, ["0", "0.9", "100.1", "101", "-85", "85%", ...NOT_DECIMAL]);
});

test("a percentage that can be off takes 0 as well, but nothing between 0 and 1", () => {
  accepts(percentOrOff, { "0": 0, "0.0": 0, "1": 1, "100": 100 });
  refuses(percentOrOff, ["0.5", "-1", "101", ...NOT_DECIMAL]);
});

test("hysteresis may be 0 or a fraction", () => {
  accepts(hysteresis, { "0": 0, "0.5": 0.5, "2": 2 });
  refuses(hysteresis, ["-1", "101", ...NOT_DECIMAL]);
});

test("a number of absurd length is not taken for infinity", () => {
  refuses(period, ["9".repeat(400)]);
});

test("a choice is one of its words in any case", () => {
  accepts(oneOf("ru", "en"), { ru: "ru", EN: "en" });
  refuses(oneOf("ru", "en"), ["de", "english", ""]);
});

test("a URL has to be http or https, with a host and without blanks", () => {
  assert.equal(httpUrl.parse("http://orch:8000/metrics")?.href, "http://orch:8000/metrics");
  assert.equal(httpUrl.parse("HTTPS://orch/x")?.protocol, "https:");
  refuses(httpUrl, [
    "orch:8000/metrics",
    "ftp://orch/",
    "http://",
    "http:// orch/",
    "tcp://orch:80",
    "file:///etc/passwd",
    "http://orch:99999/",
  ]);
});

test("an address is host:port, also IPv6 in brackets, also the port alone", () => {
  accepts(address, {
    "127.0.0.1:9876": { host: "127.0.0.1", port: 9876 },
    ":9876": { host: "0.0.0.0", port: 9876 },
    "[::1]:80": { host: "::1", port: 80 },
    "box:65535": { host: "box", port: 65_535 },
  });
  for (const raw of ["9876", "box", "box:", "box:0", "box:65536", "::1:80", "http://box:80", "box:80/x", "b x:80"])
    assert.equal(hostPort(raw), undefined, raw);
});

test("a disk entry is a path or label=path; without a label it is the path without /host/", () => {
  const cases: Readonly<Record<string, { label: string; path: string }>> = {
    "/": { label: "/", path: "/" },
    "/host/root": { label: "root", path: "/host/root" },
    "/host/": { label: "/host/", path: "/host/" },
    "/repos": { label: "/repos", path: "/repos" },
    "docker=/etc/hostname": { label: "docker", path: "/etc/hostname" },
    "big disk=/mnt/big": { label: "big disk", path: "/mnt/big" },
    "/odd=name/x": { label: "/odd=name/x", path: "/odd=name/x" },
  };
  for (const [raw, entry] of Object.entries(cases)) assert.deepEqual(diskPath.parseEntry(raw), entry, raw);
  for (const raw of ["root", "label=relative", "=/mnt", "a/b=/mnt", "label=", "/x\0y"])
    assert.equal(diskPath.parseEntry(raw), undefined, raw);
});

test("a dependency is a name and an http, https or tcp address; tcp needs its port", () => {
  const cases: Readonly<Record<string, [string, string]>> = {
    "api=http://api:8000/health": ["api", "http://api:8000/health"],
    "pg=tcp://db:5432": ["pg", "tcp://db:5432"],
    "v6=tcp://[::1]:5432": ["v6", "tcp://[::1]:5432"],
    "q=https://h/?a=b=c": ["q", "https://h/?a=b=c"],
  };
  for (const [raw, [name, href]] of Object.entries(cases)) {
    const entry = dependency.parseEntry(raw);
    assert.deepEqual([entry?.name, entry?.url.href], [name, href], raw);
  }
  for (const raw of ["api", "=http://h", "api=", "pg=tcp://db", "db=postgres://h:1", "a\nb=http://h", "api=h:80"])
    assert.equal(dependency.parseEntry(raw), undefined, raw);
});

test("a container entry is a name as the engine allows it, or *", () => {
  for (const raw of ["*", "web", "proj_web-1", "a.b"]) assert.equal(containerName.parseEntry(raw), raw);
  assert.equal(containerName.parseEntry("/web"), "web");
  for (const raw of ["we*", "-web", "a b", "a/b", "/", "имя"])
    assert.equal(containerName.parseEntry(raw), undefined, raw);
});

test("a pattern is any text", () => {
  assert.equal(pattern.parseEntry("coverage run"), "coverage run");
});

test("the engine is a socket's path or the TCP address of a proxy", () => {
  accepts(dockerTarget, {
    "/run/docker.sock": { socketPath: "/run/docker.sock" },
    "unix:///run/docker.sock": { socketPath: "/run/docker.sock" },
    "tcp://proxy:2375": { host: "proxy", port: 2375 },
    "tcp://proxy:2375/": { host: "proxy", port: 2375 },
  });
  refuses(dockerTarget, ["docker.sock", "http://proxy:2375", "tcp://proxy", "tcp://proxy:2375/v1"]);
});

test("quiet hours follow the zone's own clock, also on the days that change the hour", { timeout: 10_000 }, () => {
  const looks = (span: string, utcs: readonly string[]): boolean[] =>
    utcs.map((utc) => withinDailySpan(dailySpan.parse(span) ?? assert.fail(span), Date.parse(`${utc}Z`)));
  // 2026-03-29: 02:00 becomes 03:00 in Berlin, at 01:00 UTC. 2026-10-25: 03:00 becomes 02:00, at 01:00 UTC.
  assert.deepEqual(
    looks("23:00-07:00 Europe/Berlin", [
      "2026-03-28T21:59",
      "2026-03-28T22:00",
      "2026-03-29T04:59",
      "2026-03-29T05:00",
    ]),
    [false, true, true, false],
  );
  assert.deepEqual(
    looks("23:00-07:00 Europe/Berlin", [
      "2026-10-24T20:59",
      "2026-10-24T21:00",
      "2026-10-25T05:59",
      "2026-10-25T06:00",
    ]),
    [false, true, true, false],
  );
  assert.deepEqual(
    looks("02:00-03:00 Europe/Berlin", ["2026-03-29T00:59", "2026-03-29T01:00"]),
    [false, false],
    "an hour that is not there",
  );
  assert.deepEqual(
    looks("02:00-03:00 Europe/Berlin", ["2026-10-25T00:00", "2026-10-25T01:59", "2026-10-25T02:00"]),
    [true, true, false],
    "an hour that is there twice",
  );
});
