import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Pipeline, pipeline } from "../../helpers/drivers/pipeline.ts";
import { brief, told } from "../../helpers/drivers/told.ts";
import { apiError, type Behaviour, badGateway, ok, raw, tooMany } from "../../helpers/fakes/telegram.ts";

const LIMIT = { timeout: 60_000 };
const PAGE = "<html><head><title>Blocked by policy</title></head></html>";
/** A filter on the way answers each send that it does not like. */
const filter =
  (dislikes: (text: string) => boolean, answer: Behaviour): Behaviour =>
  (request) =>
    request.call === "sendMessage" && dislikes(String(request.body["text"])) ? answer(request) : ok(request);

const toldBy = ({ telegram }: Pipeline): string[] => telegram.messages.flatMap(({ text }) => told(text)).map(brief);
const sends = ({ telegram }: Pipeline): number => telegram.requests.filter(({ call }) => call === "sendMessage").length;

describe("something between us and Telegram refuses one text", () => {
  const ANSWERS: readonly (readonly [string, Behaviour])[] = [
    ["403 and a page", raw(403, PAGE)],
    ["404 and a page", raw(404, PAGE)],
    ["413 and a page", raw(413, PAGE)],
    ["451 and nothing", raw(451, "")],
    ["403 and JSON of its own", raw(403, '{"message":"Forbidden"}', "application/json")],
    ["200 and a page", raw(200, PAGE)],
    ["302", raw(302, "")],
  ];
  for (const [name, answer] of ANSWERS) {
    it(`with ${name}: what is behind it is told, and it is tried again every 5 minutes`, LIMIT, async () => {
      const line = pipeline();
      line.telegram.behave(filter((text) => text.includes("Disk data"), answer));
      line.scene.dataPct = 93;
      await line.pass(60);
      line.scene.memoryPct = 99;
      await line.pass(120);
      assert.deepEqual(toldBy(line), ["🔴 Host memory"]);
      const before = sends(line);
      await line.pass(20 * 60);
      assert.ok(sends(line) - before <= 2 * 5, `${sends(line) - before} sends of one text in 20 minutes`);
      line.telegram.behave(ok);
      await line.pass(5 * 60);
      assert.deepEqual([toldBy(line), line.outbox().view().pending], [["🔴 Host memory", "🔴 Disk data"], 0]);
      line.kill();
    });
  }

  it("in a message of several: the others are told, each once", LIMIT, async () => {
    const line = pipeline();
    line.telegram.behave(filter((text) => text.includes("Disk data"), raw(403, PAGE)));
    [line.scene.dataPct, line.scene.memoryPct] = [93, 99];
    await line.pass(180);
    assert.deepEqual(toldBy(line), ["🔴 Host memory"]);
    line.kill();
  });
});

describe("what is of the way and not of the text is tried again as before", () => {
  const sentIn = async (behaviour: Behaviour): Promise<{ readonly sends: number; readonly forms: Set<unknown> }> => {
    const line = pipeline();
    line.telegram.behave(behaviour);
    line.scene.dataPct = 93;
    await line.pass(240);
    line.kill();
    const requests = line.telegram.requests.filter(({ call }) => call === "sendMessage");
    return { sends: requests.length, forms: new Set(requests.map(({ body }) => body["parse_mode"])) };
  };
  for (const [name, answer, count] of [
    ["getMe is refused like that too", raw(403, PAGE), 1],
    [
      "getMe is answered with nothing that can be read",
      (request) => (request.call === "getMe" ? raw(200, "")(request) : raw(403, PAGE)(request)),
      8,
    ],
    ["502", badGateway, 8],
    ["a proxy's credentials", filter(() => true, raw(407, PAGE)), 8],
    ["a rate limit with a page", filter(() => true, raw(429, PAGE)), 8],
  ] as readonly (readonly [string, Behaviour, number])[]) {
    it(name, LIMIT, async () => {
      const seen = await sentIn(name === "502" ? filter(() => true, answer) : answer);
      assert.deepEqual([seen.forms, seen.sends], [new Set(["HTML"]), count]);
    });
  }

  it("the Bot API's own words keep their meaning", LIMIT, async () => {
    assert.deepEqual((await sentIn(filter(() => true, apiError(403, "Forbidden: bot was kicked")))).sends, 1);
    assert.deepEqual((await sentIn(filter(() => true, tooMany(600)))).sends, 1);
  });
});
