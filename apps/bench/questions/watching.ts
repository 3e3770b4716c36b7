/** What it costs to be watched: a scrape, what scrapes take from requests, and the ids and bytes in nginx's log. */
import fs from 'node:fs'
import path from 'node:path'
import { startLotan, type Lotan } from '../../testing/harness/lotan.ts'
import { familyOf, processorTimeOf } from '../../testing/harness/processes.ts'
import { buildFast } from '../../testing/images/build.ts'
import { startImageRegistry } from '../../testing/registries/image-registry.ts'
import { until } from '../../testing/harness/until.ts'
import { inRounds, type Bench } from '../measure/bench.ts'
import type { Finding } from '../measure/finding.ts'
import { CONNECTIONS, rate } from '../measure/rate.ts'

const ROUNDS = 6
const SECONDS = 2
const SCRAPE_EVERY_MS = 1_000
const SCRAPES = 20
const PREVIEWS = [0, 50, 500]

export const watching: Bench = {
  asks: 'what watching costs: a scrape, and what it takes from requests',
  async run() {
    const registry = await startImageRegistry()
    await buildFast(`${registry.repository}:fast`)
    const start = () => startLotan({ repository: registry.repository, env: { LOTAN_CONTAINER_CPUS: '2' } })
    const lotan = await start()
    const narrow = await start()
    try {
      await lotan.request('fast')
      await narrow.request('fast')
      await leaveOut(narrow)
      const rates = await inRounds(
        {
          unwatched: () => rate(lotan.port, lotan.host('fast')),
          scraped: () => whileScraped(lotan, () => rate(lotan.port, lotan.host('fast'))),
        },
        { rounds: ROUNDS, warmUp: 1 },
      )
      // What nginx takes tells more than how many it answers, where other programs take the rest.
      const nginx = await inRounds(
        { ids: () => timeOfNginx(lotan), none: () => timeOfNginx(narrow) },
        { rounds: ROUNDS, warmUp: 1 },
      )
      const scrapes: Finding[] = []
      for (const count of PREVIEWS) scrapes.push(...(await scrapeWith(lotan, count)))
      return [
        {
          question: `warm requests, ${CONNECTIONS} connections, a scrape each second`,
          unit: 'requests/s',
          lotan: rates.scraped,
          baseline: { name: 'Lotan, not scraped', values: rates.unwatched },
          by: 'ratio',
        },
        {
          question: 'nginx’s processor time for 1000 warm requests, with an id each',
          unit: 'ms',
          lotan: nginx.ids,
          baseline: { name: 'nginx without ids', values: nginx.none },
          by: 'ratio',
        },
        ...scrapes,
      ]
    } finally {
      await Promise.all([lotan.stop({ keepImages: true }), narrow.stop()])
      await registry.close()
    }
  },
}

/** nginx as it is without ids: neither in its log nor in requests. */
async function leaveOut(lotan: Lotan): Promise<void> {
  const file = path.join(lotan.config.runDir, 'nginx', 'nginx.conf')
  const conf = fs.readFileSync(file, 'utf8')
  const without = conf.replace(' $traced_id $request_length', '').replace(/^ *proxy_set_header X-Request-Id .*\n/gm, '')
  if (without.includes('X-Request-Id ') || without.length > conf.length - 100)
    throw new Error('nginx.conf has another form')
  fs.writeFileSync(file, without)
  process.kill(lotan.part('nginx')!, 'SIGHUP')
  const log = path.join(lotan.config.dataDir, 'logs', 'nginx-access.log')
  const isWithout = async () => {
    await lotan.ask({ host: lotan.domain, path: '/healthz' })
    // Its last word is how long connecting took.
    return /\/healthz" 200 \d+ \S+ \S* \S+$/.test(fs.readFileSync(log, 'utf8').trimEnd())
  }
  await until('it logs no ids', isWithout, { within: 30_000, every: 500 })
}

async function whileScraped<T>(lotan: Lotan, measure: () => Promise<T>): Promise<T> {
  const scraping = setInterval(() => void scrape(lotan).catch(() => {}), SCRAPE_EVERY_MS)
  try {
    return await measure()
  } finally {
    clearInterval(scraping)
  }
}

/** Milliseconds for 1000 requests. */
async function timeOfNginx(lotan: Lotan): Promise<number> {
  const nginx = lotan.part('nginx')!
  const before = processorTimeOfAll(nginx)
  const answered = (await rate(lotan.port, lotan.host('fast'), { seconds: SECONDS })) * SECONDS
  return ((processorTimeOfAll(nginx) - before) / answered) * 1e6
}

/** Seconds. */
function processorTimeOfAll(pid: number): number {
  return familyOf(pid).reduce((all, process) => all + processorTimeOf(process.pid), 0)
}

async function scrapeWith(lotan: Lotan, previews: number): Promise<Finding[]> {
  await addAsleep(lotan, previews)
  const times: number[] = []
  const spent: number[] = []
  const sizes: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const before = processorTimeOfAll(lotan.launcher())
    for (let i = 0; i < SCRAPES; i++) {
      const began = performance.now()
      const { text } = await scrape(lotan)
      times.push(performance.now() - began)
      sizes.push(Buffer.byteLength(text) / 1_000)
    }
    spent.push(((processorTimeOfAll(lotan.launcher()) - before) / SCRAPES) * 1_000)
  }
  const more = `with ${previews} previews more`
  return [
    { question: `a scrape ${more}`, unit: 'ms', lotan: times, by: 'itself' },
    { question: `processor time of a scrape ${more}, all processes`, unit: 'ms', lotan: spent, by: 'itself' },
    { question: `size of a scrape ${more}`, unit: 'kB', lotan: sizes, by: 'itself' },
  ]
}

/** Each has been asked for by a robot, which is counted, and wakes none. */
async function addAsleep(lotan: Lotan, previews: number): Promise<void> {
  const tags = Array.from({ length: previews }, (_, i) => `asleep-${i}`)
  const image = { id: 'sha256:0', digest: null, pulled: false, bytes: 1, created: null, labels: {}, ports: [80] }
  for (const tag of tags) if (!lotan.store.get(tag)) lotan.store.apply(tag, { type: 'ahead', image })
  for (const tag of tags) await lotan.request(tag, { headers: { 'User-Agent': 'bench bot' } })
  const isTold = async () => {
    const { text } = await scrape(lotan)
    return new Set(text.match(/preview="asleep-\d+"/g)).size >= Math.min(previews, 49)
  }
  await until('their traffic is told', isTold, { within: 30_000, every: 500 })
}

async function scrape(lotan: Lotan) {
  const headers = { Authorization: `Bearer ${lotan.token}` }
  const answer = await lotan.ask({ host: `${lotan.domain}:${lotan.port}`, path: '/metrics', headers })
  if (answer.status !== 200) throw new Error(`a scrape got ${answer.status}`)
  return answer
}
