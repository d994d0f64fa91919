// A UDP socket that hands on packets: what StatsD senders speak. Easy to get wrong: a packet's
// bytes belong to the socket's pool, so who keeps them copies; errors after binding are not the
// sender's to hear of, and must not end the process.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { MonError, messageOf } from '../errors.ts';

export interface UdpSocket {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens; @throws MonError MON_PORT_IN_USE when the address cannot be had. */
export async function listenUdp(
  host: string,
  port: number,
  take: (packet: Uint8Array) => void,
): Promise<UdpSocket> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  try {
    socket.bind(port, host);
    await once(socket, 'listening');
  } catch (cause) {
    socket.close();
    const words = `cannot listen on UDP ${host}:${port}: ${messageOf(cause)}`;
    throw new MonError('MON_PORT_IN_USE', words, { cause });
  }
  socket.on('error', () => undefined);
  socket.on('message', take);
  return {
    port: socket.address().port,
    close: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
}
