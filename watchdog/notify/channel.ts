import type { Clock } from "../clock.ts";
import type { Notice } from "../decide/notice.ts";
import type { Fields, Log } from "../log.ts";
import type { Text } from "../messages/text.ts";

/** What became of one send; whether and when to try again is the lane's to decide (lane.ts). */
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

/** How a text is written. */
export type Form = "html" | "plain";

/** One message. */
export interface Outgoing {
  readonly text: Text;
  /** How messages name the host. */
  readonly host: string;
  /** What it tells, for a channel that carries data instead of a text. */
  readonly notices: readonly Notice[];
  readonly form: Form;
  /** Without sound. */
  readonly silent: boolean;
  /** As a reply to this message. */
  readonly replyTo?: number;
}

/** What a service made us change; it is kept across restarts with the rest of the state. */
export interface ChannelMemory {
  /** The chat that the configured one became. */
  readonly migrated?: { readonly from: string; readonly to: string };
}

/** What channels are made with. */
export interface ChannelNeeds {
  readonly log: Log;
  readonly clock: Clock;
  readonly redact: (text: string) => string;
  /** What the run before was made to change. */
  readonly memory?: ChannelMemory | undefined;
}

/** A way to the operator; each kind of it has a folder in channels/. No method rejects. */
export interface Channel {
  /** How /status, /metrics and the log call it. */
  readonly name: string;
  /** The service behind it, as messages name it when it was away. A channel without one is never said to have been away. */
  readonly service?: string;
  /** Where its messages go, for the log. */
  readonly where?: Fields;
  /** At most this many messages a minute; undefined: no limit. */
  readonly perMin?: number;
  /** The forms it can carry, the best first: a message that is refused in one is tried in the next. */
  readonly forms: readonly [Form, ...Form[]];
  /** Each notice is a message of its own, and what is no notice is not for this channel. */
  readonly isOneByOne?: true;
  send(message: Outgoing, signal: AbortSignal): Promise<SendResult>;
  /** Whether the channel would accept messages, without sending one. */
  probe(signal: AbortSignal): Promise<SendResult>;
  memory?(): ChannelMemory;
}

/** Who has the messages, and who takes over while that one fails. */
export interface Channels {
  readonly first: Channel;
  readonly second?: Channel;
}

/** How the log calls whoever answers there. */
export function whoOf({ service, name }: Channel): string {
  return service ?? name;
}
