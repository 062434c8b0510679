import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Env } from "../../helpers/drivers/daemon.ts";
import {
  type Behaviour,
  badGateway,
  blackHole,
  cut,
  halfOpen,
  kicked,
  migrated,
  ok,
  serverError,
  slow,
  tooMany,
  topicGone,
  unauthorized,
} from "../../helpers/fakes/telegram.ts";
import type { World } from "../../helpers/fakes/world.ts";

/** One way in which Telegram fails. */
export interface Fault {
  readonly name: string;
  /** How it answers meanwhile; without one the connection itself fails. */
  readonly behaviour?: Behaviour;
  /** Messages are told all the same, if later or elsewhere. */
  readonly passes?: true;
  /** What was sent is in the chat although the sender cannot know. */
  readonly arrives?: true;
  /** Not tried again for minutes or hours, as Telegram or reason demand: in real time only a restart ends that. */
  readonly holds?: true;
  /** Not even stopping ends it: a rate limit is obeyed to the end. */
  readonly obeyed?: true;
  readonly env?: (world: World) => Env;
  readonly begin: (world: World) => void | Promise<void>;
  readonly heal: (world: World) => void | Promise<void>;
}

const NEW_CHAT = -1_009_999;
/** Short, so that what hangs is over soon; long enough for a busy machine. */
export const HTTP_TIMEOUT_S = 1.5;

function answering(name: string, behaviour: Behaviour, more: Partial<Fault> = {}): Fault {
  return {
    name,
    behaviour,
    begin: ({ telegram }) => telegram.behave(behaviour),
    heal: ({ telegram }) => telegram.behave(ok),
    ...more,
  };
}

/** Where the made-up resolver looks for its permission. */
const resolving = ({ dir }: World): string => join(dir, "resolves");

export const FAULTS: readonly Fault[] = [
  { name: "refused", begin: ({ telegram }) => telegram.refuse(), heal: ({ telegram }) => telegram.accept() },
  {
    name: "name not found",
    begin: () => {},
    heal: (world) => writeFileSync(resolving(world), ""),
    env: (world) => ({
      WATCHDOG_TG_API_URL: world.telegram.url.replace("127.0.0.1", "telegram.invalid"),
      FAKE_DNS: resolving(world),
      NODE_OPTIONS: `${world.host.env["NODE_OPTIONS"]} --import ${new URL("../../helpers/fakes/dns.mjs", import.meta.url).href}`,
    }),
  },
  answering("black hole", blackHole),
  answering("half-open: arrives, no answer comes back", halfOpen, { arrives: true }),
  answering("slow", slow(HTTP_TIMEOUT_S * 200), { passes: true }),
  answering("slower than the deadline", slow(HTTP_TIMEOUT_S * 5000)),
  answering("500", serverError),
  answering("502 in HTML", badGateway),
  answering("429 retry after 1", tooMany(1)),
  answering("429 retry after 10072", tooMany(10_072), { holds: true, obeyed: true }),
  answering("401", unauthorized, { holds: true }),
  answering("403", kicked, { holds: true }),
  // These two do not heal: the group stays a supergroup, and the topic stays away.
  answering("migrated to a supergroup", migrated(NEW_CHAT), { passes: true, heal: () => {} }),
  answering("topic gone", topicGone, { passes: true, heal: () => {}, env: () => ({ WATCHDOG_TG_THREAD_ID: "7" }) }),
  answering("cut after the request, which arrived", cut(true), { arrives: true }),
  answering("cut after the request, which was lost", cut(false)),
];
