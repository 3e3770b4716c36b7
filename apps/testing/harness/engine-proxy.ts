/** A proxy between Lotan and the engine, which can go away, hang or refuse calls. */
import type { RequestOptions, Server } from 'node:http'
import fs from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { http } from '../../shared/http.ts'
import { engineAddress } from './docker.ts'

export type EngineProxy = Awaited<ReturnType<typeof openEngineProxy>>

export interface EngineCall {
  /** `POST /containers/create?name=…` */
  call: string
  /** By `performance.now()`. */
  from: number
  to: number
}

/** @param options.onCall hears of each call once it is answered */
export async function openEngineProxy({ onCall }: { onCall?: (call: EngineCall) => void } = {}) {
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-engine-'))
  const socket = path.join(dir, 'engine.sock')
  let failing: { call: RegExp; words: string } | undefined
  let refused: RegExp | undefined
  let hangs = Promise.resolve()
  let server: Server | undefined
  const open = new Set<net.Socket>()

  const proxy = {
    socket,

    /** Calls such as `POST /images/create?…` then end with an error in their stream. */
    fail(call: RegExp, words: string) {
      failing = { call, words }
    },
    /** Matching calls get 500. */
    refuse(call: RegExp) {
      refused = call
    },
    /** Calls that come meanwhile are answered when this time is over. */
    async hang(ms: number): Promise<void> {
      hangs = sleep(ms)
      await hangs
    },
    heal() {
      refused = undefined
      failing = undefined
    },

    async comeBack() {
      server = http.createServer(async (req, res) => {
        await hangs
        // The path begins with the API version, which the client chooses.
        const call = `${req.method} ${req.url!.replace(/^\/v[\d.]+/, '')}`
        if (refused?.test(call)) {
          req.resume()
          res.writeHead(500, { 'Content-Type': 'application/json' })
          return res.end(JSON.stringify({ message: 'it cannot be done' }))
        }
        if (failing?.call.test(call)) {
          req.resume()
          res.writeHead(200, { 'Content-Type': 'application/json' })
          res.write(`${JSON.stringify({ status: 'Pulling from todowrangler' })}\n`)
          return res.end(`${JSON.stringify({ error: failing.words, errorDetail: { message: failing.words } })}\n`)
        }
        const from = performance.now()
        res.on('finish', () => onCall?.({ call, from, to: performance.now() }))
        const { method, url, headers } = req
        const onward = http.request({ ...engineAddress(), method, path: url, headers, agent: false }, (answer) => {
          res.writeHead(answer.statusCode!, answer.headers)
          res.flushHeaders()
          answer.pipe(res)
          answer.on('error', () => res.destroy())
        })
        onward.on('error', () => res.destroy())
        res.on('close', () => onward.destroy())
        return req.pipe(onward)
      })
      // An attach, or a command, goes on as bare bytes in both directions.
      server.on('upgrade', async (req, client: net.Socket, begin) => {
        // What comes while it hangs is read later.
        client.pause()
        await hangs
        const call = `${req.method} ${req.url!.replace(/^\/v[\d.]+/, '')}`
        if (refused?.test(call)) return void client.destroy()
        const engine = net.connect(placeOf(engineAddress()))
        const head = req.rawHeaders.flatMap((name, i) => (i % 2 === 0 ? `${name}: ${req.rawHeaders[i + 1]}` : []))
        engine.write(`${[`${req.method} ${req.url} HTTP/1.1`, ...head].join('\r\n')}\r\n\r\n`)
        // A command has a body, of which this is the begin.
        engine.write(begin)
        engine.pipe(client).pipe(engine)
        for (const [one, other] of [
          [client, engine],
          [engine, client],
        ] as const)
          one.on('error', () => other.destroy()).on('close', () => other.destroy())
      })
      server.on('connection', (connection) => {
        open.add(connection)
        connection.on('close', () => open.delete(connection))
      })
      await new Promise<void>((resolve) => server!.listen(socket, resolve))
    },

    async goAway() {
      server?.close()
      for (const connection of open) connection.destroy()
      await fs.rm(socket, { force: true })
    },

    async close() {
      await proxy.goAway()
      await fs.rm(dir, { recursive: true })
    },
  }
  await proxy.comeBack()
  return proxy
}

function placeOf({ socketPath, host, port }: RequestOptions): net.NetConnectOpts {
  return socketPath ? { path: socketPath } : { host: host ?? 'localhost', port: Number(port) }
}
