/**
 * Many previews clicked in turn on a small disk. A program that runs in its own engine's namespace and prints what it
 * saw as JSON; the test judges.
 *
 * disk-in-engine.ts TAGS BALLAST_KB HIGH LOW DISK
 */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { startLotan } from '../harness/lotan.ts'
import { docker, imagesBelow } from '../harness/docker.ts'
import { buildSmall } from '../images/build.ts'
import { publishSmall } from '../images/publish.ts'
import { engine } from '../images/kept-bases.ts'
import { startImageRegistry } from '../registries/image-registry.ts'
import { until } from '../harness/until.ts'
import { upload } from '../images/upload.ts'

export interface Seen {
  clicks: { tag: string; status: number; text: string; ms: number }[]
  /** The most images of the repository at once, without the one pulled by hand. */
  most: number
  /** After a click, percent. */
  fullest: number
  /** Whether `no space left` showed up in a log or in a preview. */
  noSpace: boolean
  /** What is not Lotan's on that engine. */
  others: [before: unknown, after: unknown]
  /** How often the reaper, and how often the queue-processor, freed space. */
  relieved: number
  madeRoom: number
  /** An image that can never fit: what its visitor gets, and whether previews went for it in vain. */
  huge: { status: number; reason: unknown; pulled: boolean; wentForIt: boolean }
}

const [tags = 0, ballast = 0, high = 0, low = 0] = process.argv.slice(2, 6).map(Number)
const disk = process.argv[6]!

const registry = await startImageRegistry()
const { repository } = registry
const names = Array.from({ length: tags }, (_, i) => `pr-${i + 1}`)
for (const tag of names) {
  await publishSmall(`${repository}:${tag}`, tag, { ballast })
}
await makeOthers()
const before = await others()
const lotan = await startLotan({
  repository,
  env: {
    INACTIVITY_STOP_TIMEOUT_MINUTES: '0.05',
    LOTAN_GRACE_SECONDS: '0',
    LOTAN_HOLD_SECONDS: '60',
    LOTAN_DISK_HIGH_PERCENT: String(high),
    LOTAN_DISK_LOW_PERCENT: String(low),
    IMAGE_REFRESH_INTERVAL_MINUTES: '60',
  },
})
try {
  const clicks: Seen['clicks'] = []
  let [most, fullest] = [0, 0]
  let huge: Seen['huge'] | undefined
  for (const tag of names) {
    const began = Date.now()
    const { status, text } = await lotan.click(tag)
    clicks.push({ tag, status, text, ms: Date.now() - began })
    most = Math.max(most, (await imagesHere()).length)
    fullest = Math.max(fullest, await used())
    if (somebodySleeps()) huge ??= await clickHuge()
  }
  await until('somebody sleeps', () => huge ?? somebodySleeps(), { within: 60_000 })
  huge ??= await clickHuge()
  const output = await lotan.output()
  const history = names.flatMap((tag) => lotan.store.history(tag, 200))
  const count = (message: string) => output.split(message).length - 1
  const seen: Seen = {
    clicks,
    most,
    fullest,
    noSpace: /no space left/i.test(output) || /no space left/i.test(JSON.stringify(history)),
    others: [before, await othersAtRest()],
    relieved: count('is above its high mark'),
    madeRoom: count('stopping unused previews to free disk space for a pull'),
    huge,
  }
  console.log(JSON.stringify(seen))
} catch (error) {
  throw new Error(`${(error as Error).message}\n${await lotan.output()}`, { cause: error })
} finally {
  await lotan.stop({ keepImages: true })
  await registry.close()
}
process.exit()

async function clickHuge(): Promise<Seen['huge']> {
  const { blocks, bsize } = await fs.statfs(disk)
  await upload(repository, 'huge', { layers: [randomBytes(Math.round(blocks * bsize * 0.7))] })
  const { status } = await lotan.click('huge')
  const preview = lotan.store.get('huge')
  return {
    status,
    reason: preview?.state === 'failed' ? preview.reason : preview?.state,
    pulled: lotan.store.history('huge').some(({ event }) => event === 'pulled'),
    wentForIt: (await lotan.output()).includes('"for":"huge"'),
  }
}

function somebodySleeps(): boolean {
  return lotan.store.list().some(({ state, image }) => state === 'stopped' && image)
}

/** Not Lotan's: an image, a nameless one, a stopped container, a tag pulled by hand. */
async function makeOthers() {
  const theirs = `127.0.0.1:${registry.port}/somebody/else:1`
  await buildSmall(theirs, 'first')
  await buildSmall(theirs, 'second')
  const { Id } = await docker<{ Id: string }>('POST', '/containers/create', {
    Image: theirs,
    Cmd: ['/bin/busybox', 'true'],
  })
  await docker('POST', `/containers/${Id}/start`)
  await docker('POST', `/containers/${Id}/wait`)
  const foreign = `${repository}:foreign`
  await publishSmall(foreign, 'foreign')
  await engine.pull(foreign)
}

/** An image that Lotan removes loses its name a moment before it goes. */
async function othersAtRest(): Promise<unknown> {
  const deadline = Date.now() + 10_000
  for (;;) {
    const now = await others()
    if (isDeepStrictEqual(now, before) || Date.now() > deadline) return now
    await sleep(100)
  }
}

async function others(): Promise<unknown> {
  const images = await docker<{ Id: string; RepoTags: string[] | null; RepoDigests: string[] | null }[]>(
    'GET',
    '/images/json',
  )
  const containers = await docker<{ Id: string; State: string; Labels: object }[]>('GET', '/containers/json?all=1')
  return {
    images: images
      // What test images are made from is kept, and Lotan's image for sandboxes.
      .filter(({ RepoTags }) => !RepoTags?.some((name) => /^lotan-(test\/|sandbox:)|:pr-/.test(name)))
      .map(({ Id, RepoTags, RepoDigests }) => ({ Id, RepoTags, RepoDigests }))
      .sort((a, b) => (a.Id < b.Id ? -1 : 1)),
    containers: containers.filter(({ Labels }) => !('lotan.managed' in Labels)).map(({ Id, State }) => ({ Id, State })),
  }
}

async function imagesHere(): Promise<string[]> {
  return (await imagesBelow(`${repository}:`)).filter((name) => !name.endsWith(':foreign'))
}

async function used(): Promise<number> {
  const { blocks, bavail } = await fs.statfs(disk)
  return Math.round((1 - bavail / blocks) * 100)
}
