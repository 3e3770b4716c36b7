/** Stands where nginx does, for a browser: passes requests on to the router's socket, as nginx would. */
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'

/** @param socketPath may be made later: its directory is not known before the port is */
export async function openFront(socketPath: () => string) {
  const server = http.createServer((req, res) => {
    const headers = {
      ...req.headers,
      'x-forwarded-for': '192.0.2.1',
      'x-forwarded-proto': 'http',
      'x-nginx-version': '1.22.1',
    }
    const passed = http.request(
      { socketPath: socketPath(), method: req.method, path: req.url, headers, agent: false },
      (answer) => {
        res.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(res)
      },
    )
    passed.on('error', () => res.destroy())
    res.on('close', () => passed.destroy())
    req.pipe(passed)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
