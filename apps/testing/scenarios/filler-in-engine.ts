/**
 * Hostile previews fill a small disk beside peaceful ones. A program that runs in its own engine's namespace and prints
 * what it saw as JSON; the test judges.
 *
 * filler-in-engine.ts DISK
 */
import fs from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { startLotan } from '../harness/lotan.ts'
import { docker } from '../harness/docker.ts'
import { publishSmall } from '../images/publish.ts'
import { startImageRegistry } from '../registries/image-registry.ts'
import { until } from '../harness/until.ts'

export interface Seen {
  /** `ms` from its first byte until a visitor was told; `heading` is what the visitor read. */
  ends: Record<string, { state: string; reason: object | null; ms: number; heading: string; row: unknown }>
  peaceful: Record<string, { asked: number; wrong: string[] }>
  asleep: { state: string; hasImage: boolean; events: string[] }
  /** Percent. */
  fullest: number
  /** Bytes of the disk that did not come back. */
  lost: number
  volumes: [before: number, after: number]
  /** The filler that was started again by its button. */
  again: { status: number; generation: number; files: string }
}

/** What each tag's page does; the image is the same. */
const fillers = {
  layer: 'exec dd if=/dev/zero of=/fill bs=1M',
  volume: 'exec dd if=/dev/zero of=/data/fill bs=1M',
  removed: 'exec 7>/fill; rm /fill; dd if=/dev/zero bs=1M >&7; sleep 60',
  small: 'mkdir /many; cd /many; seq 1 1000000 | xargs -n 1000 touch',
}
const peaceful = {
  // A sparse file takes no space, and 20 MB are allowed.
  sparse: 'exec truncate -s 50G /sparse',
  modest: 'exec dd if=/dev/zero of=/data/some bs=1M count=20',
}
/** Allowed to write more than the disk holds. */
const greedy = 'greedy'
const disk = process.argv[2]!

const registry = await startImageRegistry()
const { repository } = registry
const at = (tag: string) => `${repository}:${tag}`
const recipe = { cmd: ['sh', '-c', serving({ ...fillers, ...peaceful })], volumes: ['/data'] }
const limited = Object.keys({ ...fillers, ...peaceful })
for (const tag of limited) await publishSmall(at(tag), 'up', recipe)
await publishSmall(at(greedy), 'up', { ...recipe, labels: { 'lotan.disk': '100g' } })
await publishSmall(at('asleep'), 'asleep', { ballast: 20_000 })
const lotan = await startLotan({
  repository,
  env: {
    LOTAN_CONTAINER_DISK: '40m',
    LOTAN_CONTAINER_DISK_MAX: '100g',
    LOTAN_DISK_HIGH_PERCENT: '80',
    LOTAN_DISK_LOW_PERCENT: '60',
    LOTAN_PREPULL: '^asleep$',
  },
})
try {
  await Promise.all([...limited, greedy].map((tag) => lotan.click(tag)))
  await until('one sleeps', () => lotan.store.get('asleep')?.image, { within: 60_000 })
  await Promise.all(Object.keys(peaceful).map((tag) => does(tag, tag)))
  const before = await fs.statfs(disk)
  const volumes = await countVolumes()
  let isOver = false
  let fullest = 0
  const watched = watch()
  const visited = Promise.all(Object.keys(peaceful).map(visit))
  const ends: Seen['ends'] = {}
  await Promise.all(Object.keys(fillers).map((tag) => untilEnd(tag, tag)))
  await untilEnd(greedy, 'layer')
  await until('what was killed is gone', () => lotan.store.list().every(({ retiring }) => retiring.length === 0))
  isOver = true
  await watched
  const { bavail, bsize } = await fs.statfs(disk)
  const after = await countVolumes()
  await lotan.api('POST', '/previews/layer/start')
  const again = await lotan.click('layer', '/cgi-bin/files')
  const asleep = lotan.store.get('asleep')!
  const seen: Seen = {
    ends,
    peaceful: Object.fromEntries(await visited),
    asleep: {
      state: asleep.state,
      hasImage: asleep.image !== null,
      events: lotan.store.history('asleep').map(({ event }) => event),
    },
    fullest,
    lost: before.bavail * before.bsize - bavail * bsize,
    volumes: [volumes, after],
    again: { status: again.status, generation: lotan.store.get('layer')!.generations, files: again.text },
  }
  console.log(JSON.stringify(seen))

  /** Makes a preview fill the disk, and watches it. */
  async function untilEnd(tag: string, what: string) {
    await does(tag, what)
    const began = Date.now()
    const page = await until(
      `${tag} is ended`,
      async () => {
        const { status, text } = await lotan.request(tag, { headers: { Accept: 'text/html' } })
        return status === 200 ? undefined : text
      },
      { within: 60_000, every: 50 },
    )
    const ms = Date.now() - began
    const heading =
      /<h1>(.*?)<\/h1>/s
        .exec(page)?.[1]
        ?.replace(/<[^>]*>/g, '')
        .trim() ?? page
    const preview = lotan.store.get(tag)!
    const reason = preview.state === 'failed' ? preview.reason : null
    const row = lotan.store.history(tag).find(({ event }) => event === 'diskOver')
    ends[tag] = { state: preview.state, reason, ms, heading, row }
  }

  async function visit(tag: string): Promise<[string, Seen['peaceful'][string]]> {
    const wrong: string[] = []
    let asked = 0
    for (; !isOver; await sleep(100)) {
      const { status, text } = await lotan.request(tag)
      asked++
      if (status !== 200 || !text.includes('<h1>up</h1>')) wrong.push(`${status} ${text.slice(0, 200)}`)
    }
    return [tag, { asked, wrong }]
  }

  async function watch() {
    for (; !isOver; await sleep(50)) {
      const { blocks, bavail } = await fs.statfs(disk)
      fullest = Math.max(fullest, Math.round((1 - bavail / blocks) * 100))
    }
  }
} catch (error) {
  throw new Error(`${(error as Error).message}\n${await lotan.output()}`, { cause: error })
} finally {
  await lotan.stop({ keepImages: true })
  await registry.close()
}
process.exit()

/** Shell lines: pages that act and answer at once, one that lists files, and their server. */
function serving(pages: Record<string, string>): string {
  const page = (name: string, lines: string) =>
    `printf '#!/bin/busybox sh\\necho "Content-Type: text/plain"; echo; ${lines}' >/www/cgi-bin/${name};`
  const lines = Object.entries(pages).map(([name, does]) => page(name, `exec >/dev/null 2>&1; (${does}) &`))
  const all = [...lines, page('files', 'ls / /data')]
  return `mkdir -p /www/cgi-bin; ${all.join(' ')} chmod +x /www/cgi-bin/*; exec httpd -f -p 80 -h /www`
}

async function does(tag: string, what: string) {
  const { status } = await lotan.request(tag, { path: `/cgi-bin/${what}` })
  if (status !== 200) throw new Error(`${tag} does not do ${what}: ${status}`)
}

async function countVolumes(): Promise<number> {
  const { Volumes } = await docker<{ Volumes: unknown[] | null }>('GET', '/volumes')
  return Volumes?.length ?? 0
}
