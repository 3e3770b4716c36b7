/** Whether somebody listens. */
import net from 'node:net'

const ANSWER_MS = 200

/**
 * Whether a TCP connection is accepted within a fifth of a second, and is not ended by the other side before it is
 * closed here.
 * @param ms how long it is kept open, milliseconds
 */
export function staysConnected(host: string, port: number, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port })
    const say = (held: boolean) => {
      clearTimeout(late)
      socket.destroy()
      resolve(held)
    }
    let late = setTimeout(() => say(false), ANSWER_MS)
    socket.once('connect', () => {
      clearTimeout(late)
      late = setTimeout(() => say(true), ms)
    })
    socket.once('end', () => say(false))
    socket.once('error', () => say(false))
    socket.resume()
  })
}
