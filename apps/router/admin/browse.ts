/** For tests: the admin's pages as a browser has them, without nginx. */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import type { Duplex } from 'node:stream'
import { http } from '../../shared/http.ts'
import { goTo, openBrowser, type Page } from '../../testing/harness/browser.ts'
import { domain, token, type Bed } from './harness.ts'

/** Logs in. @param upgrade takes WebSockets, which nginx leads elsewhere @returns a page, the address of the admin, and what ends it all */
export async function browse(bed: Bed, upgrade?: (req: IncomingMessage, socket: Duplex, head: Buffer) => void) {
  const socketPath = path.join(bed.config.runDir, 'desk.sock')
  const server = http.createServer((req, res) => {
    const { url, method, headers } = req
    const asked = http.request({ socketPath, path: url, method, headers, agent: false }, (answer) => {
      res.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(res)
    })
    asked.on('error', () => res.destroy())
    res.on('close', () => asked.destroy())
    req.pipe(asked)
  })
  if (upgrade) server.on('upgrade', upgrade)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = `http://${domain}:${(server.address() as AddressInfo).port}`
  const browser = await openBrowser({ resolve: [domain] })
  const page: Page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  const errors: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  page.on('console', (message) => /Content Security Policy/.test(message.text()) && errors.push(message.text()))
  await goTo(page, `${address}/login?token=${token}`)
  // What is under way on a page that is left while it loads may reach the next one.
  await page.waitForURL(`${address}/`)
  return {
    page,
    address,
    /** What the browser has complained of, a refusal by the page's policy among it. */
    errors,
    async close() {
      await browser.close()
      server.close()
      server.closeAllConnections()
    },
  }
}
