import fs from 'node:fs'
import path from 'node:path'
import type { Config } from '../../shared/config/config.ts'
import { setAsideIfCorrupt } from '../../shared/store/store.ts'
import type { Say } from '../console.ts'
import { databaseOf, withStore } from '../database/watch.ts'
import { whatEnds } from '../nginx/certificate.ts'
import { whyNotListen } from '../nginx/listen.ts'
import { findNginx } from '../nginx/program.ts'
import { endLeftovers } from './leftovers.ts'
import { logOf } from './process/output.ts'
import type { Name } from './names.ts'
import { lockOf } from './processes.ts'
import { rotateLogs } from './process/rotate.ts'

/** @throws with words for the operator */
export async function prepareStart(config: Config, own: readonly Name[], say: Say): Promise<void> {
  const logs = path.join(config.dataDir, 'logs')
  fs.mkdirSync(logs, { recursive: true, mode: 0o700 })
  rotateLogs(logs, undefined, own)
  const held = own.flatMap((name) => [lockOf(name, config), logOf(name, config)])
  const ended = await endLeftovers(held)
  if (ended > 0) say(`ended what an earlier start left behind (${ended} processes)`)
  if (own.includes('nginx')) await prepareNginx(config, say)
  if (own.every((name) => name === 'redis')) return
  const corrupt = setAsideIfCorrupt(databaseOf(config))
  if (corrupt)
    say(`the database was damaged (${corrupt.wrong}) and was moved to ${corrupt.aside}; rebuilding it`, 'bad')
  await withStore(config, (store) => store.relabel())
}

async function prepareNginx(config: Config, say: Say): Promise<void> {
  findNginx()
  const taken = await whyNotListen(config)
  if (taken) throw new Error(taken)
  const expiry = whatEnds(config, Date.now())
  if (expiry) say(expiry, 'bad')
}
