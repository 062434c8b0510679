import assert from "node:assert/strict";
import test from "node:test";
import { createIncidents } from "../../../watchdog/history/incidents.ts";
import { momentAt } from "../../helpers/drivers/signal-rig.ts";
import { topicAt } from "../../helpers/fakes/notice.ts";

const bad = (key: string, since = momentAt(0)) => ({ topic: topicAt(key), title: key, active: true, since });
const good = (key: string) => ({ topic: topicAt(key), title: key, active: false });
const DAY = 86_400_000;

test("an incident lasts from its first bad reading until it is no longer bad", () => {
  const incidents = createIncidents();
  incidents.observe([bad("a")], momentAt(60_000));
  incidents.observe([bad("a")], momentAt(120_000));
  incidents.observe([good("a")], momentAt(180_000));
  assert.deepEqual(incidents.list(momentAt(180_000)).incidents, [
    { title: "a", since: momentAt(0), until: momentAt(180_000) },
  ]);
});

test("one that lasts has no end, and stays however long it lasts", () => {
  const incidents = createIncidents();
  incidents.observe([bad("a")], momentAt(0));
  incidents.observe([bad("a")], momentAt(3 * DAY));
  assert.deepEqual(
    incidents.list(momentAt(3 * DAY)).incidents.map(({ until }) => until),
    [undefined],
  );
});

test("an occurrence ends as it begins; an info is none", () => {
  const incidents = createIncidents();
  incidents.observe(
    [
      { ...bad("job_failed"), edge: {} },
      { ...bad("digest"), edge: {} },
    ],
    momentAt(5),
  );
  assert.deepEqual(
    incidents.list(momentAt(5)).incidents.map(({ title, since, until }) => [title, since, until]),
    [["job_failed", momentAt(5), momentAt(5)]],
  );
});

test("what ended a day ago is forgotten", () => {
  const incidents = createIncidents();
  incidents.observe([bad("a")], momentAt(0));
  incidents.observe([], momentAt(1000));
  incidents.observe([], momentAt(DAY));
  assert.equal(incidents.list(momentAt(DAY)).incidents.length, 1);
  incidents.observe([], momentAt(DAY + 1000));
  assert.equal(incidents.list(momentAt(DAY + 1000)).incidents.length, 0);
});

test("only so many are kept, and how many were left out is known", () => {
  const incidents = createIncidents();
  for (let index = 0; index < 350; index += 1) {
    incidents.observe([bad(`k${index}`)], momentAt(index * 10));
    incidents.observe([], momentAt(index * 10 + 5));
  }
  const { incidents: list, left } = incidents.list(momentAt(4000));
  assert.deepEqual([list.length, left, list[0]?.title], [300, 50, "k50"]);
});
