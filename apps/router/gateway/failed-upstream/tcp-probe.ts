import net from 'node:net'

const ANSWER_MS = 200

/** @param ms how long the other side must keep the connection open */
export function staysConnected(host: string, port: number, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port })
    const finish = (held: boolean) => {
      clearTimeout(timeout)
      socket.destroy()
      resolve(held)
    }
    let timeout = setTimeout(() => finish(false), ANSWER_MS)
    socket.once('connect', () => {
      clearTimeout(timeout)
      timeout = setTimeout(() => finish(true), ms)
    })
    socket.once('end', () => finish(false))
    socket.once('error', () => finish(false))
    socket.resume()
  })
}
