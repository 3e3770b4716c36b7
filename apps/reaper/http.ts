/** Serves what the reaper sees to the router, which has no access to the engine: read-only, on a unix socket. */
import fs from 'node:fs'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { http } from '../shared/http.ts'
import type { Config } from '../shared/config/config.ts'
import type { Engine, ImageSize } from '../shared/engine/engine.ts'
import type { RegistryHealth } from '../shared/health/registry.ts'
import type { Log } from '../shared/log.ts'
import { NAMELESS, type PreviewId } from '../shared/preview/preview-id.ts'
import type { Store } from '../shared/store/store.ts'
import type { Figures } from './figures.ts'
import type { ListAsks } from './list-asks.ts'
import type { openTraffic } from './traffic.ts'

const IMAGES_MS = 30_000
/** More than the engine keeps of any container's output. */
const MAX_LINES = 1_000_000

/** What the reaper alone knows of previews. Null: not known. */
export interface Watched {
  /** Those with a client connected. */
  open: PreviewId[] | null
  /** When newer images are looked for next, milliseconds since 1970. */
  updatesAt: number | null
}

export interface Dependencies {
  instance: string
  config: Pick<Config, 'inForce'>
  watched: () => Watched
  /** By the repository's name. */
  registryHealth: () => Record<string, RegistryHealth | null>
  traffic: Pick<ReturnType<typeof openTraffic>, 'read'>
  engine: Pick<Engine, 'version' | 'inspect' | 'logs' | 'disk' | 'machineMemory' | 'imageSizes'>
  figures: { known: () => Promise<Figures> }
  /** By the repository's name; undefined for one that is not listed. */
  asks: (repository: string) => Pick<ListAsks, 'ask'> | undefined
  store: Pick<Store, 'list'> & { pulled: Pick<Store['pulled'], 'list'> }
  log: Log
}

export async function serveHttp(socket: string, deps: Dependencies): Promise<Server> {
  const { instance, config, watched, registryHealth, traffic, engine, figures, asks, store, log } = deps
  let images: { at: number; all: Promise<ImageSize[]> } | undefined

  async function respond(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? '/', 'http://reaper')
    if (req.method !== 'GET') return json(res, 405, {})
    if (url.pathname === '/engine') {
      const version = await engine.version().catch(() => undefined)
      return version ? json(res, 200, { version }) : json(res, 503, {})
    }
    if (url.pathname === '/in-force') return json(res, 200, config.inForce)
    if (url.pathname === '/watched') return json(res, 200, watched())
    if (url.pathname === '/registry') return json(res, 200, { health: registryHealth() })
    if (url.pathname === '/images') return json(res, 200, { images: await ownImages() })
    if (url.pathname === '/traffic') return json(res, 200, traffic.read())
    if (url.pathname === '/machine') return json(res, 200, await machine())
    if (url.pathname === '/figures') return json(res, 200, { containers: await figures.known() })
    if (url.pathname === '/newer-tags') {
      await asks(url.searchParams.get('repository') ?? NAMELESS)?.ask(numberIn(url, 'age'))
      return json(res, 200, {})
    }
    const [, id, logs] = /^\/containers\/([0-9a-zA-Z_.-]+)(\/logs)?$/.exec(url.pathname) ?? []
    const found = id && (await engine.inspect(id))
    // Another instance's containers do not exist here.
    if (!id || !found || found.labels['lotan.instance'] !== instance) return json(res, 404, {})
    const running = found.running && !found.cutOff
    if (!logs) return json(res, 200, { running, exitCode: found.running ? null : found.exitCode })
    return follow(id, url.searchParams, res)
  }

  /** Null: not known, as for an engine on another machine. */
  async function machine() {
    const [version, disk, memory] = await Promise.all([
      engine.version().catch(() => null),
      engine.disk().catch(() => null),
      engine.machineMemory().catch(() => null),
    ])
    return { engine: version, disk: disk ?? null, memory: memory ?? null }
  }

  /** Those of previews, and those that Lotan pulled and has not removed. */
  async function ownImages(): Promise<ImageSize[]> {
    if (!images || Date.now() - images.at >= IMAGES_MS) images = { at: Date.now(), all: engine.imageSizes() }
    const all = await images.all.catch((error: unknown) => {
      images = undefined
      throw error
    })
    const own = new Set([
      ...store.list().flatMap(({ image }) => image?.id ?? []),
      ...store.pulled.list().map(({ id }) => id),
    ])
    return all.filter(({ id }) => own.has(id))
  }

  async function follow(id: string, query: URLSearchParams, res: ServerResponse) {
    // Its 'close' came while the engine inspected the container, and comes no more.
    if (res.destroyed) return
    const wanted = query.get('tail')
    const tail = wanted === 'all' ? MAX_LINES : Math.max(0, Math.min(MAX_LINES, Math.trunc(Number(wanted ?? 200)) || 0))
    const closed = new AbortController()
    res.on('close', () => closed.abort())
    const [follow, timestamps] = ['follow', 'timestamps'].map((name) => query.get(name) === '1') as [boolean, boolean]
    const text = await engine.logs(id, { tail, follow, timestamps, signal: closed.signal })
    res.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' })
    res.flushHeaders()
    text.on('error', () => res.end())
    text.pipe(res)
  }

  const server = http.createServer((req, res) => {
    respond(req, res).catch((error: unknown) => {
      if (res.destroyed) return
      log.warn({ err: error, path: req.url }, 'a request could not be answered')
      if (res.headersSent) res.destroy()
      else json(res, 503, {})
    })
  })
  fs.rmSync(socket, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(socket, resolve)
  })
  return server
}

function json(res: ServerResponse, status: number, body: object) {
  res.writeHead(status, { 'Content-Type': 'application/json' })
  res.end(JSON.stringify(body))
}

function numberIn({ searchParams }: URL, name: string): number {
  return Math.max(0, Number(searchParams.get(name)) || 0)
}
