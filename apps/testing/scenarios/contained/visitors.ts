/** What visitors may do to one preview, or to all: flood it, hold its connections, ask for previews that are none. */
import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import path from 'node:path'
import { startCrowd, type Crowd, type CrowdSeen, type RunningCrowd } from '../../clients/crowd.ts'
import type { Lotan } from '../../harness/lotan.ts'
import { until } from '../../harness/until.ts'
import { buildApp } from '../../images/build.ts'
import type { Attack } from './contained.ts'

const TAG = 'victim'

/** Bytes of the log that a request may take. */
const MOST_LINE = 2_000

interface Visitors {
  /** `HOST` stands for the preview's host. */
  crowd: Omit<Crowd, 'port'>
  /** When it is at its worst. */
  isWorst: (crowd: RunningCrowd, connections: number) => boolean
  /** @returns what shows that it was not for nothing, in words */
  check: (seen: CrowdSeen, connections: number, lotan: Lotan) => string | Promise<string>
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: HOST\r\n`
const allOpen = (crowd: RunningCrowd, connections: number) => crowd.seen().most >= connections

/** They were all there. Whether they are held, or cut off and come again, is nginx's business. */
function wereThere(seen: CrowdSeen, connections: number): string {
  assert.ok(seen.most >= connections, JSON.stringify(seen))
  return told(seen)
}

function told({ open, opened, answers, ended, bytes }: CrowdSeen): string {
  const megabytes = (bytes / 1e6).toFixed(0)
  return `${open} open of ${opened}, answers ${JSON.stringify(answers)}, ends ${JSON.stringify(ended)}, ${megabytes} MB`
}

function attack(name: string, { crowd, isWorst, check }: Visitors, tag = TAG): Attack {
  return {
    name,
    tag,
    stays: true,
    build: (reference) => buildApp(reference),
    async run({ lotan }, measure) {
      await lotan.click(tag, '/plain')
      const says = crowd.says?.replaceAll('HOST', lotan.host(tag)).replaceAll('DOMAIN', lotan.domain)
      const running = startCrowd({ ...crowd, says, port: lotan.port })
      try {
        await running.until('it is at its worst', () => isWorst(running, crowd.connections))
        await measure()
        return await check(await running.stop(), crowd.connections, lotan)
      } finally {
        running.kill()
      }
    },
  }
}

/** @param connections each asks again as soon as it is answered */
export const flood = (connections: number) =>
  attack(`${connections} flooding sockets`, {
    crowd: { connections, says: `${get('/plain')}\r\n`, floods: true },
    isWorst: (crowd) => crowd.seen().most >= connections && crowd.answers() > 2 * connections,
    check: (seen) => {
      // Its own application may come to a connection too late, on a machine that is busy.
      assert.ok(seen.answers['200']! > 0, JSON.stringify(seen.answers))
      assert.deepEqual(
        Object.keys(seen.answers).filter((status) => status !== '200' && status !== '502'),
        [],
      )
      return told(seen)
    },
  })

/** What a visitor sends is written down: the log must not grow by it as fast as they can send. */
export const longPaths = (connections: number) =>
  attack(`${connections} flooding sockets with paths of 30 kB`, {
    crowd: { connections, says: `${get(`/plain/${'x'.repeat(30_000)}`)}\r\n`, floods: true },
    isWorst: (crowd) => crowd.answers() > 5 * connections,
    async check(seen, _connections, lotan) {
      const logs = path.join(lotan.config.dataDir, 'logs')
      const lines = await until('it is in the log', async () => {
        const text = await fs.readFile(path.join(logs, 'nginx-access.log'), 'utf8')
        return text.split('\n').filter((line) => line.includes('/plain/xxx'))
      })
      assert.ok(lines.length > connections)
      const longest = Math.max(...lines.map(({ length }) => length))
      assert.ok(longest < MOST_LINE, `a line of ${longest} bytes`)
      return `${told(seen)}; ${longest} bytes of log for each`
    },
  })

export const slowHeaders = (connections: number) =>
  attack(`${connections} connections that send a byte of a header every 2 s`, {
    crowd: { connections, says: get('/plain'), goesOn: { text: 'x', every: 2_000 } },
    isWorst: allOpen,
    check: wereThere,
  })

/** Each takes four of nginx's connections: more of them than it has must not keep others out. Its places stay taken for a while. */
export const slowBodies = (connections: number) =>
  attack(
    `${connections} uploads of a byte every 2 s`,
    {
      crowd: {
        connections,
        says: `POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 1000000\r\n\r\n`,
        goesOn: { text: 'x', every: 2_000 },
      },
      isWorst: (crowd) => crowd.seen().opened >= connections,
      check: told,
    },
    'uploads',
  )

export const slowReaders = (connections: number) =>
  attack(`${connections} downloads of 50 MB that are read 1 kB a second`, {
    crowd: { connections, says: `${get('/bytes/50000000')}\r\n`, reads: 1_000 },
    isWorst: (crowd) => crowd.answers() >= connections,
    check: wereThere,
  })

export const idle = (connections: number) =>
  attack(`${connections} idle connections`, {
    crowd: { connections },
    isWorst: allOpen,
    check: wereThere,
  })

export const madeUpHosts = (connections: number) =>
  attack(`${connections} sockets that ask for made-up hosts`, {
    crowd: {
      connections,
      says: 'GET / HTTP/1.1\r\nHost: guess-{n}.DOMAIN\r\nConnection: close\r\n\r\n',
    },
    isWorst: (crowd) => crowd.answers() > 500,
    check: (seen) => {
      assert.deepEqual(
        Object.keys(seen.answers).filter((status) => !['404', '502', '503'].includes(status)),
        [],
      )
      return told(seen)
    },
  })

export const visitorAttacks = [
  flood(1_000),
  longPaths(100),
  slowHeaders(1_000),
  slowBodies(1_000),
  slowBodies(5_000),
  slowReaders(300),
  idle(10_000),
  madeUpHosts(50),
]
