import type { Text } from "../messages/text.ts";

/** What became of one send; whether and when to try again is decided elsewhere. */
export type SendResult =
  | { readonly kind: "delivered" }
  /** Worth another try: the network, the server, or its rate limit (`afterMs`). */
  | { readonly kind: "retry"; readonly reason: string; readonly afterMs?: number }
  /** Nothing will be accepted until the operator mends something. */
  | { readonly kind: "operator"; readonly reason: string }
  /** This message alone is refused. */
  | { readonly kind: "rejected"; readonly reason: string };

/** A channel to the operator. `send` never rejects. */
export interface Sender {
  readonly channel: "telegram" | "console";
  /** At most this many messages a minute; undefined: no limit. */
  readonly perMin?: number;
  send(text: Text, form: "html" | "plain", signal: AbortSignal): Promise<SendResult>;
}
