/** What happens to a machine's programs and files. Each ends when it is over. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import Database from 'better-sqlite3'
import { containersWith, kill } from '../harness/docker.ts'
import type { EngineProxy } from '../harness/engine-proxy.ts'
import type { Lotan, PartName } from '../harness/lotan.ts'
import type { OwnDisk } from './own-disk.ts'

const run = promisify(execFile)

/** @throws where it does not run */
export async function freeze(lotan: Lotan, part: PartName, ms: number): Promise<void> {
  const pid = lotan.part(part)
  if (pid === undefined) throw new Error(`${part} does not run`)
  process.kill(pid, 'SIGSTOP')
  await sleep(ms)
  process.kill(pid, 'SIGCONT')
}

export async function takeAway(engine: EngineProxy, ms: number): Promise<void> {
  await engine.goAway()
  await sleep(ms)
  await engine.comeBack()
}

/** Another program writes to it. */
export async function lockDatabase(lotan: Lotan, ms: number): Promise<void> {
  const database = new Database(path.join(lotan.config.dataDir, 'lotan.sqlite'), { timeout: 5_000 })
  try {
    database.exec('BEGIN IMMEDIATE')
    await sleep(ms)
    database.exec('ROLLBACK')
  } finally {
    database.close()
  }
}

/** As a disk that fails makes it: it and its journal can be read, and not written, not even by root. */
export async function protectDatabase(lotan: Lotan, ms: number): Promise<void> {
  const file = path.join(lotan.config.dataDir, 'lotan.sqlite')
  const files = [file, `${file}-wal`]
  await run('chattr', ['+i', ...files])
  await sleep(ms)
  await run('chattr', ['-i', ...files])
}

/** @param disk the one that its data directory is on */
export async function fillDisk(disk: OwnDisk, ms: number): Promise<void> {
  await disk.fillUp()
  await sleep(ms)
  await disk.empty()
}

export async function emptyRedis(lotan: Lotan): Promise<void> {
  if (!('socket' in lotan.config.redis)) throw new Error('Redis is not the embedded one')
  const socket = net.connect(lotan.config.redis.socket)
  socket.write('FLUSHALL\r\n')
  const [answer] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  if (answer.toString() !== '+OK\r\n') throw new Error(`FLUSHALL: ${answer.toString()}`)
}

/** Its files are lost as it ends. */
export async function loseRedis(lotan: Lotan): Promise<void> {
  const pid = lotan.part('redis')!
  process.kill(pid, 'SIGSTOP')
  const files = (await fs.readdir(lotan.config.dataDir)).filter((name) => /redis|appendonly|dump\.rdb/.test(name))
  if (files.length === 0) throw new Error('Redis has no files')
  for (const name of files) await fs.rm(path.join(lotan.config.dataDir, name), { recursive: true })
  process.kill(pid, 'SIGKILL')
}

/** Everything ends at once, and what lives in memory is gone. */
export async function reboot(lotan: Lotan): Promise<void> {
  const { dataDir, runDir, instance } = lotan.config
  await lotan.end('SIGKILL')
  const containers = await containersWith(`lotan.instance=${instance}`)
  await Promise.all(containers.filter(({ State }) => State === 'running').map(({ Id }) => kill(Id).catch(() => {})))
  if (!runDir.startsWith(dataDir)) await fs.rm(runDir, { recursive: true, force: true })
  await fs.rm(`/dev/shm/lotan-${instance}`, { recursive: true, force: true })
  await startAsServiceDoes(lotan)
}

/** A start that fails, as it does where the database cannot be written, is tried again. */
async function startAsServiceDoes(lotan: Lotan): Promise<void> {
  for (const end = Date.now() + 30_000; ; await sleep(1_000)) {
    try {
      return await lotan.again()
    } catch (error) {
      if (Date.now() >= end) throw error
    }
  }
}
