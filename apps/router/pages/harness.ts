/** One of each of the visitors' pages, for tests that look at them in a browser. */
import type { KnownChange } from '../../shared/forge/change.ts'
import { fresh, type In, type Preview } from '../../shared/preview/preview.ts'
import { aboutPage } from './about-page.ts'
import type { Brand } from './brand.ts'
import { approvalPage, closedPage } from './change-pages.ts'
import { failedPage } from './failed-page.ts'
import { messages } from './messages.ts'
import { changeWords } from '../words/change-words.ts'
import { enterPage } from './render.ts'
import { serviceRow } from '../../testing/harness/service-row.ts'
import { alone, type Beside } from '../services/coming-up.ts'
import { startStatusOf, type StartFacts } from './start/status.ts'
import type { Page } from './views.ts'
import {
  messagePage,
  missingPage,
  noTagPage,
  notOfferedPage,
  problemPage,
  problemsPage,
  waitingPage,
  wayInPage,
} from './visitor-pages.ts'

const now = 1_800_000_000_000
const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9" fill="#c33"/></svg>'
export const logo = { type: 'image/svg+xml', body: Buffer.from(svg) }
const logoData = `data:image/svg+xml;base64,${logo.body.toString('base64')}`
const brand: Brand = { name: 'Acme Shop', application: 'todowrangler', logo, logoData }

export const tag = 'pr-3001'
export const known = {
  ...fresh,
  repository: '',
  tag,
  since: now - 5_000,
  stages: { queued: now - 8_000, pulling: now - 7_600 },
}
const image = {
  id: 'sha256:a',
  digest: `sha256:${'9f86d081'.repeat(8)}`,
  pulled: true,
  bytes: 50_600_000,
  created: new Date(now - 7_200_000).toISOString(),
  labels: {
    'org.opencontainers.image.source': 'https://git.example.com/shop/todowrangler',
    'org.opencontainers.image.revision': 'a41f09c0ffee1234',
  },
  ports: [80],
}
const generation = {
  number: 1,
  container: 'c',
  slot: 1,
  sandbox: null,
  image: image.id,
  digest: image.digest,
  port: 80,
}
export const queued: In<'queued'> = {
  ...known,
  state: 'queued',
  phase: 'start',
  generation: null,
  notBefore: 0,
  by: 'visit',
  reason: null,
}
export const progress = {
  bytes: 31_000_000,
  total: 51_000_000,
  layers: 7,
  layersDone: 4,
  percent: 54,
  phase: 'downloading',
} as const
export const pulling: In<'pulling'> = { ...known, state: 'pulling', progress }
export const slow: In<'starting'> = {
  ...known,
  image,
  stages: {
    queued: now - 41_000,
    pulling: now - 40_800,
    unpacking: now - 33_000,
    starting: now - 31_000,
    waiting: now - 30_000,
  },
  took: { pull: 9_000, start: 3_000 },
  state: 'starting',
  generation,
}
export const withServices: In<'starting'> = {
  ...slow,
  stages: { queued: now - 12_000, pulling: now - 11_800, unpacking: now - 8_000, starting: now - 6_000 },
}
const beside: Beside = {
  services: [
    serviceRow(tag, 'db', { since: now - 2_600 }),
    serviceRow(tag, 'migrate', { state: 'waiting', since: now - 6_000 }),
    serviceRow(tag, 'search', { state: 'starting', since: now - 5_000 }),
    serviceRow(tag, 'mail', { since: now - 5_400 }),
  ],
  oneShots: new Set(['migrate']),
}
const failed: In<'failed'> = {
  ...known,
  image,
  state: 'failed',
  reason: { code: 'exited', detail: '', exitCode: 1, after: 2_000 },
  retryAt: null,
}
const running: Preview = {
  ...known,
  image,
  state: 'running',
  generation,
  readyAt: now - 60_000,
  pending: null,
  lastSeen: now - 60_000,
}

export const told = (preview: Preview, facts: Partial<StartFacts> = {}) =>
  startStatusOf(preview, {
    id: tag,
    ahead: 0,
    full: null,
    missing: false,
    standing: 'free',
    beside: alone,
    recentDurations: { pullRate: [5_000], start: [1_000] },
    now,
    ...facts,
  })
/** Its image is of the commit that it begins with. */
export const change: KnownChange = {
  repository: '',
  number: 3001,
  title: 'Change the banner',
  author: 'anna',
  branch: 'feature/banner',
  base: 'main',
  sha: '77be210'.padEnd(40, '0'),
  fork: true,
  state: 'open',
  url: 'https://git.example.com/shop/todowrangler/pull/3001',
  updated: now,
  closedAt: null,
  approval: null,
  behind: { revision: 'a41f09c0ffee1234', sha: '77be210'.padEnd(40, '0'), commits: 2 },
}
const words = changeWords({ ...change, title: `Change the banner${' of all lists'.repeat(7)}` }, null, 'github')
const waiting = (preview: Preview, facts?: Partial<StartFacts>) =>
  waitingPage({ told: told(preview, facts), uri: '/lists/42?filter=open', change: words }, brand)
const near = ['pr-3009', 'pr-2999', 'pr-399'].map((tag) => ({ tag, href: `http://${tag}.previews.example.com/` }))
const details = 'http://previews.example.com/previews/pr-3001'
const timeouts = { stopAfter: 600_000, pauseAfter: null, rmiAfter: 3_600_000, prepulls: () => false }
const pass = { until: now + 345_600_000, session: null, user: null, lastUsed: null }
const noTag = {
  label: '-3001',
  host: '-3001.previews.example.com',
  why: { sentence: '-3001 cannot be a container tag.', typed: '-3001' },
  domain: 'previews.example.com',
  forms: [],
  example: 'pr-3001.previews.example.com',
  transliterate: true,
  near,
}

export const pages: Record<string, Page> = {
  queued: waiting(queued, { ahead: 3 }),
  full: waiting(queued, { full: { of: 'places', most: 50, roomIn: 240_000 } }),
  pulling: waiting(pulling),
  unpacking: waiting({
    ...pulling,
    progress: { ...progress, percent: 80, phase: 'unpacking', unpackingSince: now - 2_000 },
  }),
  slow: waiting(slow),
  services: waiting(withServices, { beside }),
  'services-slow': waiting({ ...withServices, stages: { ...withServices.stages, queued: now - 61_000 } }, { beside }),
  waking: waiting({ ...slow, stages: { queued: now - 800, starting: now - 600 } }),
  stopped: waiting({ ...known, state: 'stopping', phase: 'ending', generation: null, why: 'asked' }),
  exited: failedPage({ preview: failed, change: words, details, now }, brand),
  'wrong-port': failedPage(
    {
      preview: { ...failed, reason: { code: 'wrong-port', detail: '', port: 80, listens: ['0.0.0.0:3000'] } },
      change: null,
      details,
      now,
    },
    brand,
  ),
  'service-failed': failedPage(
    {
      preview: { ...failed, reason: { code: 'service-unhealthy', detail: '', service: 'db', after: 60_000 } },
      change: words,
      details,
      now,
    },
    brand,
  ),
  credentials: failedPage(
    {
      preview: { ...failed, image: null, reason: { code: 'credentials', detail: '' }, retryAt: now + 26_000 },
      change: words,
      details,
      now,
    },
    brand,
  ),
  missing: missingPage({ id: 'pr-3999', askAgainIn: 1_500, near }, brand),
  merged: closedPage({ id: tag, change: words, isMerged: true, fallback: { ...near[0]!, tag: 'main' } }, brand),
  closed: closedPage({ id: 'api/pr-3001', change: words, isMerged: false, fallback: null }, brand),
  approval: approvalPage({ id: tag, change: words, details, again: 10 }, brand),
  'approval-unknown': approvalPage({ id: tag, change: null, details, again: 10 }, { ...brand, name: null }),
  'no-tag': noTagPage(noTag, brand),
  'not-offered': notOfferedPage({ id: 'main-debug', near: near.slice(0, 1) }, brand),
  'way-in': wayInPage(
    { id: tag, command: `ssh -p 2222 ${tag}@previews.example.com`, terminal: `${details}/shell` },
    brand,
  ),
  'way-in-none': wayInPage({ id: tag, command: null, terminal: null }, brand),
  dropped: messagePage(messages.unanswered(tag), brand),
  'share-over': messagePage(messages.shareOver(), brand),
  trouble: messagePage(messages.trouble(), { ...brand, name: null, logoData: null }),
  problem: problemPage('no-such-tag', brand),
  problems: problemsPage(brand),
  about: aboutPage(
    { id: tag, preview: running, isMissing: false, timeouts, pass, change, forge: 'github', details, now },
    brand,
  ),
  'about-asleep': aboutPage(
    {
      id: tag,
      preview: { ...failed, state: 'stopped', generation: null, why: 'idle' },
      isMissing: false,
      timeouts,
      pass: undefined,
      change: null,
      forge: undefined,
      details,
      now,
    },
    brand,
  ),
  enter: enterPage({ id: tag, provider: {}, wrong: { triesLeft: 4 } }, brand),
}
