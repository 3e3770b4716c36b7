/** What a Lotan keeps outside of its processes: on the disk, in Redis, on the engine. */
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import Database from 'better-sqlite3'
import { containersWith, docker, imagesBelow } from '../../../testing/harness/docker.ts'
import type { Lotan } from '../../../testing/harness/lotan.ts'
import { processes } from '../../../testing/harness/processes.ts'
import type { Unit } from '../finding.ts'
import { openFilesOf } from './open-files.ts'

export type Stored = Record<string, { value: number; unit: Unit }>

export async function storedBy(lotan: Lotan, repository: string): Promise<Stored> {
  return { ...database(lotan), ...files(lotan), ...(await redis(lotan)), ...(await engine(lotan, repository)) }
}

function database({ config }: Lotan): Stored {
  const file = path.join(config.dataDir, 'lotan.sqlite')
  const db = new Database(file, { readonly: true })
  try {
    const names = db.prepare<[], string>(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`,
    )
    const rows = names
      .pluck()
      .all()
      .map((name) => {
        const value = db.prepare<[], number>(`SELECT count(*) FROM "${name}"`).pluck().get()!
        return [`database, table ${name}`, { value, unit: 'rows' }] as const
      })
    return {
      'database, its file': { value: sizeOf(file) / 1_000, unit: 'kB' },
      'database, its journal': { value: sizeOf(`${file}-wal`) / 1_000, unit: 'kB' },
      ...Object.fromEntries(rows),
    }
  } finally {
    db.close()
  }
}

function files({ config }: Lotan): Stored {
  const logs = path.join(config.dataDir, 'logs')
  const found: Stored = {}
  for (const name of fs.readdirSync(logs)) {
    const log = `log ${name.replace(/\.log.*$/, '')}, with its older ones`
    found[log] ??= { value: 0, unit: 'kB' }
    found[log].value += sizeOf(path.join(logs, name)) / 1_000
  }
  for (const [name, dir] of Object.entries({ run: config.runDir, shm: `/dev/shm/lotan-${config.instance}` })) {
    const inside = fs.existsSync(dir) ? fs.readdirSync(dir, { recursive: true, withFileTypes: true }) : []
    const regular = inside.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
    found[`directory ${name}, files`] = { value: regular.length, unit: 'files' }
    found[`directory ${name}`] = { value: regular.reduce((all, file) => all + sizeOf(file), 0) / 1_000, unit: 'kB' }
  }
  return found
}

async function redis({ config }: Lotan): Promise<Stored> {
  if (!('socket' in config.redis)) throw new Error('Redis is not the embedded one')
  const socket = net.connect(config.redis.socket)
  await once(socket, 'connect')
  socket.write('INFO\r\nDBSIZE\r\nQUIT\r\n')
  const said = await text(socket)
  const field = (pattern: RegExp) => Number(pattern.exec(said)?.[1])
  return {
    'Redis, its data': { value: field(/^used_memory_dataset:(\d+)/m) / 1_000, unit: 'kB' },
    'Redis, keys': { value: field(/^:(\d+)/m), unit: 'keys' },
    'Redis, clients': { value: field(/^connected_clients:(\d+)/m) - 1, unit: 'sockets' },
  }
}

async function engine(lotan: Lotan, repository: string): Promise<Stored> {
  const label = `lotan.instance=${lotan.config.instance}`
  const containers = await containersWith(label)
  const filters = encodeURIComponent(JSON.stringify({ label: [label] }))
  const networks = await docker<unknown[]>('GET', `/networks?filters=${filters}`)
  const images = await docker<{ RepoDigests: string[] | null }[]>('GET', '/images/json')
  const nameless = images.filter(({ RepoDigests }) => RepoDigests?.some((name) => name.startsWith(`${repository}@`)))
  const dockerd = processes().find(({ command }) => /(^|\/)dockerd( |$)/.test(command))
  const sandboxes = containers.filter(({ Labels }) => 'lotan.sandbox' in Labels).length
  return {
    'engine, containers of previews': { value: containers.length - sandboxes, unit: 'pieces' },
    'engine, sandboxes': { value: sandboxes, unit: 'pieces' },
    'engine, networks': { value: networks.length, unit: 'pieces' },
    'engine, names of images': { value: (await imagesBelow(`${repository}:`)).length, unit: 'pieces' },
    'engine, images': { value: nameless.length, unit: 'pieces' },
    ...(dockerd && { 'engine, open files': { value: openFilesOf(dockerd.pid).length, unit: 'files' } }),
  }
}

function sizeOf(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0
}
