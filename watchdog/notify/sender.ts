import type { Text } from "../messages/text.ts";

/** What became of one send; whether and when to try again is decided elsewhere. */
export type SendResult =
  | { readonly kind: "delivered"; readonly messageId?: number }
  /** Worth another try: the network, the server, or its rate limit (`afterMs`). `accepted`: by its status it was taken, only the answer could not be read. */
  | {
      readonly kind: "retry";
      readonly reason: string;
      readonly afterMs?: number;
      readonly mayHaveArrived?: boolean;
      readonly accepted?: boolean;
    }
  /** Nothing will be accepted until the operator mends something. */
  | { readonly kind: "operator"; readonly reason: string }
  /** This message alone is refused. */
  | { readonly kind: "rejected"; readonly reason: string };

export interface SendOptions {
  readonly form: "html" | "plain";
  /** Without sound. */
  readonly silent: boolean;
  /** As a reply to this message. */
  readonly replyTo?: number;
}

/** A channel to the operator. Neither method rejects. */
export interface Sender {
  readonly channel: "telegram" | "console";
  /** At most this many messages a minute; undefined: no limit. */
  readonly perMin?: number;
  send(text: Text, options: SendOptions, signal: AbortSignal): Promise<SendResult>;
  /** Whether the channel would accept messages, without sending one. */
  probe(signal: AbortSignal): Promise<SendResult>;
}
