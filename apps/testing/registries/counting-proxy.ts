/** A proxy of a registry that notes each request, and may answer in its place. */
import { once } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream'
import { http } from '../../shared/http.ts'

export type Counted = Awaited<ReturnType<typeof countQuestions>>

/** @param instead the status to answer with, `silence` for no answer, undefined for the registry's own */
export async function countQuestions(
  target: number,
  instead: (req: IncomingMessage) => number | 'silence' | undefined = () => undefined,
) {
  const asked: { method: string; path: string; headers: IncomingHttpHeaders; status: number }[] = []
  const server = http.createServer((req, res) => {
    const { method = 'GET', url: path = '/', headers } = req
    const refusal = instead(req)
    if (refusal === 'silence') return void asked.push({ method, path, headers, status: 0 })
    if (refusal !== undefined) {
      asked.push({ method, path, headers, status: refusal })
      return void res.writeHead(refusal).end()
    }
    const onward = http.request({ host: '127.0.0.1', port: target, method, path, headers, agent: false }, (answer) => {
      asked.push({ method, path, headers, status: answer.statusCode! })
      // Who asked has gone meanwhile.
      if (res.destroyed) return void answer.destroy()
      res.writeHead(answer.statusCode!, answer.rawHeaders)
      pipeline(answer, res, () => {})
    })
    onward.on('error', () => res.destroy())
    pipeline(req, onward, () => {})
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    /** In the order of their answers. */
    asked: asked as readonly (typeof asked)[number][],
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
