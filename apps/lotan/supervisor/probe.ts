/** Asks a process whether it is up, over HTTP or by connecting. */
import http from 'node:http'
import net from 'node:net'

const PATIENCE_MS = 3_000

/** @throws when no response comes in time */
export function get(
  where: { socketPath: string } | { host: string; port: number },
  path: string,
  host: string,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = http.get({ ...where, path, headers: { host }, agent: false }, (answer) => {
      let body = ''
      answer.setEncoding('utf8')
      answer.on('data', (text: string) => (body += text))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
      answer.on('error', reject)
    })
    request.on('error', reject)
    request.setTimeout(PATIENCE_MS, () => request.destroy(new Error(`no answer in ${PATIENCE_MS} ms`)))
  })
}

export function accepts(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath)
    const answer = (is: boolean) => {
      socket.destroy()
      resolve(is)
    }
    socket.once('connect', () => answer(true))
    socket.once('error', () => answer(false))
  })
}
