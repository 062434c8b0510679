import { reasonOf } from "../safe.ts";
import { HANGS_CODE } from "../thread-pool.ts";
import { DEADLINE_CODE } from "./exchange.ts";

/** The kinds of network failure that people mend in different ways. */
export type FaultKind = "refused" | "timeout" | "dns" | "tls" | "reset" | "unreachable" | "other";

export interface Fault {
  readonly kind: FaultKind;
  /** The runtime's, such as ENOENT, or one of ours, such as DEADLINE. */
  readonly code?: string;
  /** The HTTP status, where that is the failure. */
  readonly status?: number;
  /** For people: what the runtime said, bounded and printable. */
  readonly reason: string;
}

/** Sorts an error of node:net, node:dns, node:tls or node:http by its code. */
export function faultOf(error: unknown): Fault {
  const inner = innermost(error);
  const { code, status } = (inner ?? {}) as { readonly code?: unknown; readonly status?: unknown };
  const reason = readable(reasonOf(inner));
  if (typeof code === "string") return { kind: kindOf(code), code, reason: reason || code };
  // An error that has a code may have a status too, as that of an answer that is too large: it is not the failure then.
  return { kind: "other", ...(typeof status === "number" ? { status } : {}), reason };
}

/** OpenSSL's `809C:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../file.c:350:` says it in its fifth field. */
function readable(reason: string): string {
  return /error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/.exec(reason)?.[1] ?? reason;
}

/** Happy-eyeballs failures arrive as an AggregateError whose own message is empty. */
function innermost(error: unknown): unknown {
  return error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error;
}

function kindOf(code: string): FaultKind {
  switch (code) {
    case "ECONNREFUSED":
      return "refused";
    case DEADLINE_CODE:
    case HANGS_CODE:
    case "ETIMEDOUT":
      return "timeout";
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EAI_FAIL":
    case "EAI_NODATA":
      return "dns";
    case "ECONNRESET":
    case "EPIPE":
      return "reset";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EHOSTDOWN":
      return "unreachable";
    default:
      return /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|EPROTO|HOSTNAME_MISMATCH|INVALID_CA)/.test(code)
        ? "tls"
        : "other";
  }
}
