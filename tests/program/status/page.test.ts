// The page in a real browser: every state, as a phone and as a desk shows it, by day and by night.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { keyOf } from "../../../watchdog/kinds.ts";
import { PAGE_TEXTS } from "../../../watchdog/lang/index.ts";
import { CONTENT_SECURITY_POLICY, renderPage } from "../../../watchdog/status/page.ts";
import type { PageView } from "../../../watchdog/status/page-view.ts";
import { type Answer, startStatusServer } from "../../../watchdog/status/server.ts";
import { type Browser, skipWithout, startChromium, type Tab, type TabOptions } from "../../helpers/drivers/chromium.ts";
import { freePort } from "../../helpers/drivers/net.ts";
import { siteRig } from "../../helpers/drivers/site-rig.ts";
import { until } from "../../helpers/drivers/wait.ts";
import { VIEWS, viewOf } from "../../helpers/fakes/page-views.ts";

process.env["TZ"] = "UTC";

const PHONE = { width: 360, height: 740 };
const DESK = { width: 1280, height: 800 };
const ARTIFACTS = fileURLToPath(new URL("../../artifacts", import.meta.url));
/** Fit for a test: the page asks anew every half second, and ages within seconds. */
const QUICK = { refreshMs: 500, staleAfterMs: 3000, tick: { ageMs: 100, tookMs: 1, count: 1 } };

describe("the status page in Chromium", { skip: skipWithout("chromium", "chromium"), timeout: 240_000 }, () => {
  let browser: Browser;
  let url: string;
  let closeServer: () => void;
  /** What the server says next; undefined: it hangs up. */
  let answer: () => Answer;
  const asked: string[] = [];

  before(async () => {
    const port = await freePort();
    const server = await startStatusServer({ host: "127.0.0.1", port }, { "/": () => answer() });
    server.prependListener("request", ({ url: path }) => asked.push(path ?? ""));
    closeServer = () => {
      server.close();
      server.closeAllConnections();
    };
    url = `http://127.0.0.1:${port}/`;
    browser = await startChromium();
  });
  after(async () => {
    await browser.close();
    closeServer();
  });

  const page = (view: PageView): Answer => ({
    status: 200,
    type: "text/html; charset=utf-8",
    headers: { "content-security-policy": CONTENT_SECURITY_POLICY },
    body: renderPage(view),
  });
  const shows = (view: PageView): void => {
    answer = () => page(view);
  };

  async function inTab(options: TabOptions, work: (tab: Tab) => Promise<void>): Promise<void> {
    const tab = await browser.open(options);
    try {
      await tab.goto(url);
      await work(tab);
    } finally {
      await tab.close();
    }
  }
  /** One for each size and colour: a new tab is a new process, which takes longer than all that a page needs. */
  const lasting = new Map<string, Tab>();
  async function lastingTab(options: TabOptions): Promise<Tab> {
    const key = JSON.stringify(options);
    const tab = lasting.get(key) ?? (await browser.open(options));
    lasting.set(key, tab);
    return tab;
  }
  const textOf = async (tab: Tab, selector = "body"): Promise<string> =>
    String(await tab.evaluate(`document.querySelector(${JSON.stringify(selector)})?.innerText ?? ""`));

  for (const [name, view] of Object.entries(VIEWS)) {
    test(`${name}: nothing sticks out, nothing complains, on a phone and on a desk, in light and dark`, async () => {
      asked.length = 0;
      for (const size of [PHONE, DESK]) {
        for (const dark of [false, true]) {
          const lang = dark === (size === PHONE) ? "ru" : "en";
          shows({ ...view, lang });
          const tab = await lastingTab({ ...size, dark });
          const earlier = tab.complaints().length;
          await tab.goto(url);
          await tab.evaluate("for (const d of document.querySelectorAll('details')) d.open = true");
          const wide = await tab.evaluate(
            "[document.documentElement.scrollWidth, ...[...document.querySelectorAll('main *')].filter((e) => !e.closest('svg') && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline').map((e) => e.className + ' ' + e.scrollWidth + '>' + e.clientWidth)]",
          );
          assert.deepEqual(wide, [size.width], `wider than the screen: ${JSON.stringify(wide)}`);
          await tab.evaluate("for (const d of document.querySelectorAll('details')) d.open = false");
          assert.deepEqual(tab.complaints().slice(earlier), []);
          await tab.screenshot(`${ARTIFACTS}/${name}-${size.width}-${dark ? "dark" : "light"}.png`);
        }
      }
      assert.deepEqual([...new Set(asked)], ["/"], "nothing but the page itself was asked for");
    });
  }

  test("says in one glance how things are", async () => {
    const expected: Readonly<Record<string, string>> = {
      well: "All is well",
      alerting: "3 alerts",
      undelivered: "Messages do not get through",
      unwatched: "No container is watched",
      blind: "Part of the host cannot be seen",
      muted: "All is well",
      stale: "The checks have stopped",
      starting: "The first check is under way",
      off: "Switched off",
    };
    for (const [name, headline] of Object.entries(expected)) {
      shows(VIEWS[name] ?? viewOf());
      const tab = await lastingTab({ ...PHONE, dark: false });
      await tab.goto(url);
      assert.equal(await textOf(tab, "h1"), headline);
    }
  });

  test("what is foreign in it stays text", async () => {
    shows(VIEWS["hostile"] ?? viewOf());
    await inTab(PHONE, async (tab) => {
      assert.equal(await tab.evaluate("window.hacked"), undefined);
      assert.equal(await tab.evaluate("document.querySelectorAll('img,script[src],iframe,object').length"), 0);
      assert.equal(await tab.evaluate("document.querySelectorAll('script').length"), 1);
      assert.match(await textOf(tab, ".cards h3"), /^Disk <script>window\.hacked=1<\/script>/);
    });
  });

  test("its policy forbids every other script and style, and lets nothing out", async () => {
    shows(viewOf());
    await inTab(PHONE, async (tab) => {
      await tab.evaluate(
        'document.body.insertAdjacentHTML(\'beforeend\', \'<p style="color:red">x</p><img src="http://127.0.0.1:1/x.png" onerror="window.hacked=1">\')',
      );
      await tab.evaluate(
        "(() => { const s = document.createElement('script'); s.textContent = 'window.hacked = 1'; document.body.append(s); })()",
      );
      assert.equal(await tab.evaluate("window.hacked"), undefined);
      assert.equal(await tab.evaluate("fetch('http://127.0.0.1:1/').then(() => 'let out', () => 'held')"), "held");
      await until(
        "violations",
        () => tab.complaints().filter((text) => /Content Security Policy|violates/.test(text)).length >= 3,
      );
    });
  });

  test("refreshes itself, and keeps open what was open", async () => {
    shows(viewOf(QUICK));
    await inTab(PHONE, async (tab) => {
      await tab.evaluate("document.querySelector('#good').open = true");
      shows({ ...viewOf(QUICK), state: "alert", bad: VIEWS["alerting"]?.bad ?? [] });
      await until("the alert", async () => (await textOf(tab, "h1")) === "3 alerts");
      assert.equal(await tab.evaluate("document.querySelector('#good').open"), true);
      assert.match(String(await tab.evaluate("document.title")), /^🔴 build-1/);
      assert.deepEqual(tab.complaints(), []);
    });
  });

  test("an unfolded row stays that row when others come and go", { timeout: 60_000 }, async () => {
    const crowd = VIEWS["crowd"] ?? viewOf();
    const without = (key: string): PageView => ({
      ...crowd,
      ...QUICK,
      bad: crowd.bad.filter((row) => keyOf(row.topic) !== key),
      messages: crowd.messages.slice(1),
    });
    shows({ ...crowd, ...QUICK });
    await inTab(PHONE, async (tab) => {
      const open =
        "[...document.querySelectorAll('details[open]')].map((d) => d.querySelector('summary').innerText.split('\\n')[0].replace(/ (since|[0-9:]+).*/, ''))";
      await tab.evaluate(
        "for (const d of document.querySelectorAll('details')) if (/job-12 |job-3$/.test(d.querySelector('summary').innerText.split('\\n')[0] + ' ') || d.querySelector('.head')?.innerText.endsWith('job-3')) d.open = true",
      );
      const before = await tab.evaluate(open);
      assert.deepEqual(before, ["Container job-12", "🔴 Container job-3"]);
      await tab.evaluate("document.querySelector('.more').scrollIntoView()");
      await tab.screenshot(`${ARTIFACTS}/unfolded-before-360.png`);
      shows(without("container:job-0"));
      await until("the refresh", async () => (await textOf(tab, "h1")) === "29 alerts");
      assert.deepEqual(await tab.evaluate(open), before);
      await tab.screenshot(`${ARTIFACTS}/unfolded-after-360.png`);
    });
  });

  test("leaves alone what is being copied, and goes on afterwards", async () => {
    shows(viewOf(QUICK));
    await inTab(PHONE, async (tab) => {
      await tab.evaluate("getSelection().selectAllChildren(document.querySelector('h1'))");
      shows({ ...viewOf(QUICK), host: "another" });
      const before = asked.length;
      await until("three more requests", () => asked.length >= before + 3);
      assert.equal(await tab.evaluate("getSelection().toString()"), "All is well");
      await tab.evaluate("getSelection().removeAllRanges()");
      await until("the new host", async () => (await textOf(tab, ".hero")).includes("another"));
    });
  });

  test("says that its data is old when the checks stop", async () => {
    shows(viewOf({ ...QUICK, refreshMs: 60_000 }));
    await inTab(PHONE, async (tab) => {
      assert.equal(await textOf(tab, ".bar"), "");
      await until("the warning", async () =>
        /^Old data: the last check was \d s ago\.$/.test(await textOf(tab, ".bar")),
      );
      assert.equal(await tab.evaluate("document.body.className"), "aged");
      assert.match(String(await tab.evaluate("document.title")), /^\? /);
      await tab.screenshot(`${ARTIFACTS}/old-360.png`);
    });
  });

  test("says that the watchdog does not answer, or refuses, and recovers by itself", async () => {
    shows(viewOf(QUICK));
    await inTab(PHONE, async (tab) => {
      answer = () => ({ status: 401, type: "text/plain", body: "no" });
      await until("the refusal", async () =>
        (await textOf(tab, ".bar")).startsWith("The watchdog has refused to answer for"),
      );
      answer = () => ({ status: 200, type: "text/html", body: "<h1>some portal</h1>" });
      await until("no answer", async () => (await textOf(tab, ".bar")).startsWith("The watchdog has not answered for"));
      assert.equal(await textOf(tab, "h1"), "All is well", "the last that is known is still there");
      await tab.screenshot(`${ARTIFACTS}/gone-360.png`);
      shows(viewOf(QUICK));
      await until("all well again", async () => (await textOf(tab, ".bar")) === "");
      assert.equal(await tab.evaluate("document.body.className"), "");
    });
  });

  test("a phone that slept does not take its page for new", async () => {
    shows(viewOf({ ...QUICK, refreshMs: 60_000, staleAfterMs: 100_000 }));
    await inTab(PHONE, async (tab) => {
      await tab.evaluate("(() => { const real = Date.now; Date.now = () => real() + 3 * 3600 * 1000; })()");
      await until("the age", async () => (await textOf(tab, ".bar")).includes("the last check was 3 h"));
    });
  });

  test("without script it is complete, and asks anew by itself", async () => {
    shows(viewOf());
    await inTab({ ...PHONE, script: false }, async (tab) => {
      assert.deepEqual(tab.complaints(), []);
      await tab.screenshot(`${ARTIFACTS}/no-script-360.png`);
    });
    assert.match(renderPage(viewOf()), /<noscript><meta http-equiv="refresh" content="30"><\/noscript>/);
    assert.match(renderPage(viewOf()), /All is well[\s\S]*checked 4 s ago/);
  });

  test("it goes on with the token of its address, and its links carry it", async () => {
    shows(viewOf(QUICK));
    const plain = url;
    url = `${plain}?token=abc`;
    asked.length = 0;
    try {
      await inTab(PHONE, async (tab) => {
        await until("two requests", () => asked.length >= 2);
        assert.ok(
          asked.every((path) => path === "/?token=abc"),
          asked.join(" "),
        );
        assert.match(String(await tab.evaluate("document.querySelector('footer a').href")), /\/status\?token=abc$/);
      });
    } finally {
      url = plain;
    }
  });
});

describe("the links of the page", { timeout: 120_000 }, () => {
  const TOKEN = "a+b/c=d&e#f%20";
  const linksOf = (body: string): string[] => [...body.matchAll(/<a href="([^"]*)"/g)].map((match) => match[1] ?? "");

  async function served(work: (port: number) => Promise<void>): Promise<void> {
    // As in the daemon: the token is a secret of the configuration, and hidden wherever it appears.
    const rig = siteRig({ WATCHDOG_STATUS_TOKEN: TOKEN }, (text) => text.replaceAll(TOKEN, "***"));
    await rig.tick({});
    const port = await freePort();
    const server = await startStatusServer({ host: "127.0.0.1", port }, rig.site.routes, { token: TOKEN });
    try {
      await work(port);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  }

  test("carry the token where the address did, and lead somewhere; a Bearer's answer holds no token", async () => {
    await served(async (port) => {
      const base = `http://127.0.0.1:${port}`;
      const page = await (await fetch(`${base}/?token=${encodeURIComponent(TOKEN)}`)).text();
      const links = linksOf(page);
      assert.deepEqual(
        links.map((link) => decodeURIComponent(link)),
        [`/status?token=${TOKEN}`, `/metrics?token=${TOKEN}`],
      );
      assert.ok(!page.includes(TOKEN), "in clear text it is nowhere");
      for (const link of links) assert.equal((await fetch(base + link)).status, 200, link);
      const body = await (await fetch(`${base}/`, { headers: { authorization: `Bearer ${TOKEN}` } })).text();
      assert.deepEqual(linksOf(body), ["/status", "/metrics"]);
      assert.ok(!body.includes(TOKEN) && !body.includes(encodeURIComponent(TOKEN)));
    });
  });

  test("work in Chromium, with and without script, also after refreshes", {
    skip: skipWithout("chromium", "chromium"),
  }, async () => {
    const browser = await startChromium();
    try {
      await served(async (port) => {
        for (const script of [true, false]) {
          const tab = await browser.open({ ...PHONE, script });
          await tab.goto(`http://127.0.0.1:${port}/?token=${encodeURIComponent(TOKEN)}`);
          if (script) {
            // The rig's page asks anew every 30 s; the page is told to do it now.
            await tab.evaluate("document.getElementById('view').dataset.probe = 'old'");
            await tab.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
            await until(
              "the refresh",
              async () => (await tab.evaluate("document.getElementById('view').dataset.probe ?? 'new'")) === "new",
            );
            const href = String(await tab.evaluate("document.querySelector('footer a').href"));
            assert.equal((await fetch(href)).status, 200, href);
          }
          assert.deepEqual(tab.complaints(), []);
          await tab.close();
        }
      });
    } finally {
      await browser.close();
    }
  });
});

test("the policy names what is allowed, and nothing is allowed that it does not name", () => {
  assert.match(
    CONTENT_SECURITY_POLICY,
    /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; script-src 'sha256-[\w+/]{43}='; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
  );
  assert.equal(siteRig().site.routes["/"]?.().headers?.["content-security-policy"], CONTENT_SECURITY_POLICY);
});

test("both languages have the same texts, and no text has a hole", () => {
  const shape = (value: unknown): unknown =>
    typeof value === "object" && value !== null
      ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shape(inner)]))
      : typeof value;
  assert.deepEqual(shape(PAGE_TEXTS.en), shape(PAGE_TEXTS.ru));
  for (const lang of ["ru", "en"] as const) {
    for (const view of Object.values(VIEWS))
      assert.doesNotMatch(
        renderPage({ ...view, lang }).replace(/<(style|script)>[\s\S]*?<\/\1>/g, ""),
        /undefined|NaN|\[object|\bnull\b/,
      );
  }
});
