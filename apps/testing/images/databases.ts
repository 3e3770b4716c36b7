/** Layers of images with a database, made of this machine's packages: Debian's Redis, and Debian's PostgreSQL. */
import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { staticBusybox } from '../../shared/busybox.ts'
import { copyPrograms, keptLayer, type Layer } from './layers.ts'

/** Where data are, as in the images of the hub. */
export const REDIS_DATA = '/data'
export const POSTGRES_DATA = '/var/lib/postgresql/data'

const redisPrograms = { '/usr/bin/redis-server': '/usr/bin/redis-server', '/usr/bin/redis-cli': '/usr/bin/redis-cli' }

/** A write is on the disk before it is answered. REDIS_PASSWORD, if it is there, is asked for. */
const redisScript = `#!/bin/sh
exec redis-server --dir ${REDIS_DATA} --bind '*' --protected-mode no --save '' --appendonly yes --appendfsync always \\
  \${REDIS_PASSWORD:+--requirepass "$REDIS_PASSWORD"} "$@"
`

export async function redisLayer(): Promise<Layer> {
  return keptLayer(await stampOf(Object.values(redisPrograms)), async (dir) => {
    await withShell(dir, redisScript)
    await copyPrograms(dir, redisPrograms)
    await fs.mkdir(path.join(dir, REDIS_DATA))
  })
}

/** The newest that is installed. @throws where none is */
async function postgresHome(): Promise<string> {
  const versions = await fs.readdir('/usr/lib/postgresql').catch(() => [])
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0]
  if (newest === undefined) throw new Error('there is no PostgreSQL on this machine: npm test installs it')
  return `/usr/lib/postgresql/${newest}`
}

/** POSTGRES_PASSWORD is that of the user postgres, from the first start on. The server refuses to run as root. */
const postgresScript = `#!/bin/sh
set -e
if [ "$(id -u)" = 0 ]; then
  mkdir -p ${POSTGRES_DATA}
  chown postgres:postgres ${POSTGRES_DATA}
  chmod 700 ${POSTGRES_DATA}
  chmod 1777 /tmp
  exec /usr/bin/setpriv --reuid postgres --regid postgres --clear-groups "$0" "$@"
fi
if [ ! -s ${POSTGRES_DATA}/PG_VERSION ]; then
  echo "$POSTGRES_PASSWORD" >/tmp/password
  initdb --no-sync --locale C --encoding UTF8 --auth trust --username postgres --pwfile /tmp/password ${POSTGRES_DATA}
  echo 'host all all all password' >>${POSTGRES_DATA}/pg_hba.conf
fi
exec postgres -D ${POSTGRES_DATA} -c listen_addresses='*' -c unix_socket_directories=/tmp "$@"
`

/** The server, `psql` and `pg_isready`. About 70 MB, most of them the characters of all languages. */
export async function postgresLayer(): Promise<Layer> {
  const home = await postgresHome()
  const names = ['postgres', 'initdb', 'psql', 'pg_isready']
  return keptLayer(await stampOf(names.map((name) => `${home}/bin/${name}`)), async (dir) => {
    await withShell(dir, postgresScript)
    // They find the rest from where they themselves are.
    const programs = Object.fromEntries(names.map((name) => [`${home}/bin/${name}`, `${home}/bin/${name}`]))
    const libraries = ['plpgsql.so', 'dict_snowball.so'].map((name) => `${home}/lib/${name}`)
    const others = Object.fromEntries(['/usr/bin/setpriv', ...libraries].map((file) => [file, file]))
    await copyPrograms(dir, { ...programs, ...others })
    const share = home.replace('/lib/', '/share/')
    await fs.cp(share, path.join(dir, share), { recursive: true, filter: (file) => !/\/(man|extension\/(?!plpgsql)[^/]+)$/.test(file) }) // prettier-ignore
    for (const name of names) await fs.symlink(`${home}/bin/${name}`, path.join(dir, 'bin', name))
    await fs.mkdir(path.join(dir, 'tmp'))
    await fs.mkdir(path.join(dir, POSTGRES_DATA), { recursive: true })
  })
}

async function withShell(dir: string, script: string): Promise<void> {
  await fs.mkdir(path.join(dir, 'bin'), { recursive: true })
  await fs.mkdir(path.join(dir, 'etc'))
  await fs.copyFile(await staticBusybox(), path.join(dir, 'bin/busybox'))
  for (const name of ['sh', 'id', 'mkdir', 'chown', 'chmod', 'cat', 'sleep', 'env', 'kill'])
    await fs.symlink('busybox', path.join(dir, 'bin', name))
  await fs.writeFile(path.join(dir, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\npostgres:x:999:999::/tmp:/bin/sh\n')
  await fs.writeFile(path.join(dir, 'etc/group'), 'root:x:0:\npostgres:x:999:\n')
  await fs.writeFile(path.join(dir, 'start'), script, { mode: 0o755 })
}

async function stampOf(files: string[]): Promise<string> {
  const hash = createHash('sha256').update(await fs.readFile(import.meta.filename))
  for (const file of files) {
    const { size, mtimeMs } = await fs.stat(file)
    hash.update(`${file} ${size} ${mtimeMs}\n`)
  }
  return hash.digest('hex')
}
