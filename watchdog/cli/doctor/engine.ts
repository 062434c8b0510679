import { basename, dirname, join } from "node:path";
import type { ContainerSample } from "../../collectors/containers.ts";
import type { Readings } from "../../collectors/index.ts";
import type { ContainerSettings } from "../../config/areas/containers.ts";
import type { EngineSettings } from "../../config/areas/engine.ts";
import type { RequestSettings } from "../../config/areas/requests.ts";
import { dockerClient } from "../../engine/client.ts";
import { type EngineVersion, TOO_OLD_CODE } from "../../engine/version.ts";
import { type Fault, faultOf } from "../../net/fault.ts";
import { type PostOutcome, postVersion } from "../../notify/post-version.ts";
import { type Check, type Ctx, failed, off, ok } from "./check.ts";

export interface EngineFacts {
  /** undefined: not watched. */
  readonly version?: EngineVersion | Fault;
  /** Of a socket proxy; undefined: there is none. */
  readonly post?: PostOutcome | Fault;
}

/** Asks the engine for its version and, where it is reached through a proxy, tries what that has to refuse. Never rejects. */
export async function askEngine(
  { dockerTarget: target, httpTimeoutS }: EngineSettings & RequestSettings,
  isWatched: boolean,
): Promise<EngineFacts> {
  if (!target || !isWatched) return {};
  const deadlineMs = httpTimeoutS * 1000;
  const version = dockerClient(target, deadlineMs).version(new AbortController().signal).catch(faultOf);
  if ("socketPath" in target) return { version: await version };
  const post = postVersion(target, deadlineMs).catch(faultOf);
  return { version: await version, post: await post };
}

/** Engine, containers, proxy. Pure. */
export function judgeEngine(
  { version, post }: EngineFacts,
  docker: Readings["docker"],
  ctx: Ctx<ContainerSettings & EngineSettings>,
): Check[] {
  const {
    config: { dockerTarget: target },
    t,
  } = ctx;
  const [id, title] = ["engine", t.titles.engine];
  if (!target) return [off(id, title, t.engine.off)];
  if (!version) return [off(id, title, t.engine.noSocket("socketPath" in target ? target.socketPath : target.host))];
  const isUp = "spoken" in version;
  return [
    isUp
      ? ok(id, title, t.engine.found(version.version, version.spoken, version.oldest, version.newest))
      : failed(id, title, t.fault(version), engineAdvice(version, ctx)),
    ...(isUp ? containerChecks(docker, ctx) : [off("containers", t.titles.containers, t.engine.silent)]),
    proxyCheck(post, isUp, ctx),
    ...overrideCheck(docker, ctx),
  ];
}

const HARDENED = "docker-compose.hardened.yml";
const OVERRIDE = "docker-compose.override.yml";
/** As it can be copied into a shell without quotes. */
const PLAIN_PATH = /^\/[\p{L}\p{N}_@%+=:./-]{0,300}$/u;

/**
 * Compose given a file by -f reads no override by itself, and does not say so. What it read it writes on the containers. Says nothing
 * where an override was named, whatever its name, or where it is not known what was read.
 */
function overrideCheck(docker: Readings["docker"], { t }: Ctx): Check[] {
  const starts = docker.state === "ok" ? (docker.value.ownFiles ?? []) : [];
  const files = starts.find(
    (paths) =>
      paths.some((path) => basename(path) === HARDENED) && !paths.some((path) => /override/i.test(basename(path))),
  );
  const main = files?.find((path) => basename(path) === HARDENED);
  if (!files || main === undefined) return [];
  const wanted = files.every((path) => PLAIN_PATH.test(path))
    ? [...files, join(dirname(main), OVERRIDE)]
    : [HARDENED, OVERRIDE];
  return [
    off(
      "override",
      t.titles.override,
      t.engine.noOverride,
      t.engine.withOverride(`docker compose ${wanted.map((path) => `-f ${path}`).join(" ")} up -d`),
    ),
  ];
}

function engineAdvice({ kind, code, status = 0 }: Fault, { config, t, place }: Ctx<EngineSettings>): string {
  const target = config.dockerTarget;
  if (code === TOO_OLD_CODE) return t.engine.tooOld;
  if (target && !("socketPath" in target)) {
    if ([401, 403, 405].includes(status)) return t.engine.proxyRefuses;
    return kind === "other" ? t.engine.notEngine("WATCHDOG_DOCKER_SOCK") : t.engine.startProxy(target.host);
  }
  if (code === "EACCES" || code === "EPERM") return place.inContainer ? t.engine.denied : t.engine.joinGroup;
  if (code === "ENOENT")
    return place.inContainer ? t.engine.mountSocket(target?.socketPath ?? "", place) : t.engine.startEngine;
  if (kind === "refused") return t.engine.startEngine;
  return kind === "timeout" ? t.engine.hangs : t.engine.notEngine("WATCHDOG_DOCKER_SOCK");
}

function containerChecks(reading: Readings["docker"], ctx: Ctx<ContainerSettings & EngineSettings>): Check[] {
  const { config, t } = ctx;
  const [id, title] = ["containers", t.titles.containers];
  if (reading.state === "off") return [];
  if (reading.state === "failed") return [failed(id, title, t.fault(reading), engineAdvice(reading, ctx))];
  const { containers } = reading.value;
  const others = containers.filter(({ named }) => !named);
  const all = !config.containers.includes("*")
    ? []
    : others.length === 0
      ? [off(id, title, t.engine.none)]
      : [ok(id, title, t.engine.all(others.length, namesOf(others)))];
  return [
    ...all,
    ...containers
      .filter(({ named, found }) => named || (found !== "missing" && "unreadable" in found))
      .map((sample) => containerCheck(sample, ctx)),
  ];
}

function containerCheck({ name, found }: ContainerSample, ctx: Ctx<EngineSettings>): Check {
  const { t } = ctx;
  const [id, title] = [`container:${name}`, t.titles.container(name)];
  if (found === "missing") return failed(id, title, t.engine.missing, t.engine.missingAdvice(name));
  if ("unreadable" in found)
    return failed(id, title, t.engine.unreadable(found.unreadable.reason), engineAdvice(found.unreadable, ctx));
  return ok(id, title, found.health === "none" ? found.state : `${found.state}, ${found.health}`);
}

const SHOWN = 8;

function namesOf(samples: readonly ContainerSample[]): string {
  const names = samples.map(({ name }) => name).sort();
  return names.slice(0, SHOWN).join(", ") + (names.length > SHOWN ? ", …" : "");
}

function proxyCheck(post: PostOutcome | Fault | undefined, isUp: boolean, { config, t }: Ctx<EngineSettings>): Check {
  const [id, title] = ["proxy_post", t.titles.proxyPost];
  if (!post) return off(id, title, t.engine.noProxy);
  if ("refused" in post)
    return post.refused
      ? ok(id, title, t.engine.refused(post.status))
      : failed(id, title, t.engine.passed(post.status), t.engine.passedAdvice);
  // The engine's own line says what is wrong with a proxy that answers nothing at all.
  if (!isUp) return off(id, title, t.engine.silent);
  const host = config.dockerTarget && "host" in config.dockerTarget ? config.dockerTarget.host : "";
  return failed(id, title, t.fault(post), t.engine.startProxy(host));
}
