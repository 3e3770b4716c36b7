import net from 'node:net'

const ANSWER_MS = 200

/**
 * Whether a TCP connection is accepted within 200 ms, and the other side keeps it open. @param ms how long,
 * milliseconds
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
