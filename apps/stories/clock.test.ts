/** The machine's clock is stepped under a Lotan that serves, and back. */
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after } from 'node:test'
import { openClock } from '../testing/harness/clock.ts'
import type { Lotan } from '../testing/harness/lotan.ts'
import { until } from '../testing/harness/until.ts'
import { testSurvival } from '../testing/scenarios/survival.ts'

const MINUTE = 60
const DAY = 24 * 60 * MINUTE
/** Until every program has seen it, and what Lotan does each second was done. */
const SEEN_MS = 4_000

const clock = openClock()
after(() => clock.close())

const steps: [what: string, seconds: number][] = [
  ['two hours ahead, longer than a preview is kept idle', 125 * MINUTE],
  ['to a year ago', -365 * DAY],
  ['to the right time', 0],
]

/** @returns when nginx was last told where it is, by this machine's clock */
function routeOf(tag: string, { config, host }: Lotan): number {
  const routes = `/dev/shm/lotan-${config.instance}`
  const files = fs.readdirSync(routes, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const times = files.map(({ parentPath, name }) => {
    const file = path.join(parentPath, name)
    // nginx may replace it at any time.
    const known = fs.existsSync(file) ? fs.readFileSync(file, 'latin1') : ''
    const isIts = known.includes(`KEY: ${host(tag).split(':')[0]} `)
    return isIts ? (fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) : 0
  })
  return Math.max(0, ...times)
}

testSurvival(
  steps.map(([what, seconds]) => ({
    what: `the clock is stepped ${what}`,
    async happens(lotan) {
      clock.set(seconds)
      await sleep(SEEN_MS)
      const seen = () => lotan.store.get('warm')!.lastSeen! - (Date.now() + seconds * 1_000)
      await until('a visit is noted by the new clock', () => Math.abs(seen()) < MINUTE * 1_000)
      const before = Date.now()
      await until('nginx asks again where it is', () => routeOf('warm', lotan) > before)
    },
    seen: 'nothing else',
  })),
  300_000,
  clock.env,
)
