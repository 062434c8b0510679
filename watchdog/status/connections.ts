import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** From here on who has been idle for a second makes room for each newcomer, and at the second number whoever has been idle for longest. */
const MANY_CONNECTIONS = 64;
const MAX_CONNECTIONS = 512;
/** In which a newcomer's request is read, also in the middle of a thousand others. */
const CHANCE_MS = 1000;
/** So many bytes of answers that their readers have not taken yet. */
const MAX_PENDING_BYTES = 4 * 1024 * 1024;
/** In which an answer has to be taken. */
const TAKE_MS = 10_000;

export interface Connections {
  /** Whether this request may be answered: one on a connection whose answer before is not taken yet may not, and ends the connection. */
  admit(socket: Socket): boolean;
  /** Tells that these bytes are on their way to the reader. */
  answering(socket: Socket, response: ServerResponse, bytes: number): void;
}

/**
 * Keeps a server open for whoever asks properly, the healthcheck among them: over a limit the newcomer is let in and somebody else
 * goes, first who has been without a complete request for longest, then whose answer has been waiting for longest. Refusing the newcomer
 * instead (`server.maxConnections`) would let idle connections lock everybody out.
 */
export function boundConnections(server: Server): Connections {
  /** Since when; both in the order in which they fell idle or were answered. */
  const idle = new Map<Socket, number>();
  const busy = new Map<Socket, number>();
  let pendingBytes = 0;

  const drop = (socket: Socket | undefined): void => {
    if (!socket) return;
    idle.delete(socket);
    pendingBytes -= busy.get(socket) ?? 0;
    busy.delete(socket);
    socket.destroy();
  };
  const oldest = (sockets: Iterable<Socket>): Socket | undefined => {
    for (const socket of sockets) return socket;
    return undefined;
  };

  server.on("connection", (socket: Socket) => {
    socket.once("close", () => drop(socket));
    const now = performance.now();
    for (const [other, since] of idle) {
      if (idle.size + busy.size < MANY_CONNECTIONS || now - since < CHANCE_MS) break;
      drop(other);
    }
    if (idle.size + busy.size >= MAX_CONNECTIONS) drop(oldest(idle.keys()) ?? oldest(busy.keys()));
    idle.set(socket, now);
  });

  return {
    admit: (socket) => {
      if (socket.destroyed) return false;
      if (!busy.has(socket)) return true;
      // Many requests in one packet would have us make all their answers before the first is taken.
      drop(socket);
      return false;
    },
    answering: (socket, response, bytes) => {
      idle.delete(socket);
      busy.set(socket, bytes);
      pendingBytes += bytes;
      const late = setTimeout(() => drop(socket), TAKE_MS);
      response.once("close", () => {
        clearTimeout(late);
        if (!busy.has(socket)) return;
        pendingBytes -= busy.get(socket) ?? 0;
        busy.delete(socket);
        if (!socket.destroyed) idle.set(socket, performance.now());
      });
      // Never the newcomer itself, which stands last.
      while (pendingBytes > MAX_PENDING_BYTES && busy.size > 1) drop(oldest(busy.keys()));
    },
  };
}
