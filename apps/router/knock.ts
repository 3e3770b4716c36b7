/** Whether somebody listens. */
import net from 'node:net'

const ANSWER_MS = 200

/** Whether a TCP connection to an address is accepted within a fifth of a second. It is closed at once. */
export function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, timeout: ANSWER_MS })
    const say = (accepted: boolean) => {
      socket.destroy()
      resolve(accepted)
    }
    socket.once('connect', () => say(true))
    socket.once('timeout', () => say(false))
    socket.once('error', () => say(false))
  })
}
