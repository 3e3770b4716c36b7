/** The harness of the forge part's tests: the real process, a database, and a GitHub that stands in. No engine, no Redis. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { readConfig } from '../shared/config/config.ts'
import type { Event } from '../shared/preview/event.ts'
import { openStore } from '../shared/store/store.ts'
import { labelOf } from '../shared/tag.ts'
import { openGitHub } from '../testing/forges/github.ts'

export const token = 'github_pat_of_these_tests'
export const domain = 'previews.example.com'

/** @param env settings besides those that all have; an empty text: without it */
export async function openBed(env: Record<string, string> = {}) {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-forge-'))
  const github = await openGitHub({ token, repository: 'team/app' })
  const settings = {
    PATH: '/usr/bin:/bin',
    LOTAN_DATA_DIR: dataDir,
    LOTAN_ADMIN_TOKEN: 'the-token-of-these-tests',
    TL_DOMAIN: domain,
    LOTAN_LISTEN: '127.0.0.1:80',
    REPOSITORY: 'registry.example.com/team/todowrangler',
    LOTAN_FORGE: 'github',
    LOTAN_FORGE_API: github.api,
    LOTAN_FORGE_REPOSITORY: github.repository,
    LOTAN_FORGE_TOKEN: token,
    LOTAN_FORGE_INTERVAL_MINUTES: '0.02',
    LOTAN_HOOK_SECRET: 'the-secret-of-these-hooks',
    ...env,
  }
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== ''))
  const config = readConfig(given)
  const store = openStore(path.join(dataDir, 'lotan.sqlite'), {
    slots: config.slots,
    label: (id) => labelOf(id, config),
    forge: config.forge && { ...config.forge, fallback: config.pairFallback },
    log: pino({ level: 'silent' }),
  })
  const children = new Set<ReturnType<typeof spawn>>()

  return {
    config,
    store,
    github,

    start(more: Record<string, string> = {}) {
      const main = path.join(import.meta.dirname, 'main.ts')
      const child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, main], {
        env: { ...given, ...more },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let output = ''
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
      children.add(child)
      return {
        pid: child.pid!,
        output: () => output,
        async end(signal: NodeJS.Signals): Promise<void> {
          const exit = once(child, 'exit')
          child.kill(signal)
          await exit
          children.delete(child)
        },
      }
    },

    /** As the router notes a hook about a change. */
    hint(number: number) {
      const hint = { kind: 'change' as const, repository: '', subject: String(number), at: Date.now() }
      store.hints.note(null, [hint], Date.now())
    },

    /** As the reaper notes what the registry has. */
    push(tag: string, revision: string | null, name = tag) {
      const created = '2026-11-30T12:31:09Z'
      store.changes.noteImage(tag, { digest: digestOf(name), revision, bytes: 51_000_000, created })
    },

    /** As the queue-processor tells of its steps. */
    apply(tag: string, ...events: Event[]) {
      for (const event of events) store.apply(tag, event)
      return store.get(tag)
    },

    written: (part: string) => github.writes.filter(({ path }) => path.includes(part)),

    async close() {
      for (const child of children) {
        const exit = once(child, 'exit')
        child.kill('SIGKILL')
        await exit
      }
      await github.stop()
      store.close()
      fs.rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

export function digestOf(name: string): string {
  return `sha256:${Buffer.from(name.padEnd(32)).toString('hex')}`
}

/** Those that bring a tag up, once its start is asked for. */
export function comingUp(digest: string): Event[] {
  const image = { id: digest, digest, pulled: true, bytes: 1_000, created: null, labels: {}, ports: [80] }
  return [
    { type: 'absent', isOffered: true },
    { type: 'pull', places: 50 },
    { type: 'pulled', image },
    { type: 'begin', places: 50, port: 80 },
    { type: 'created', generation: 1, container: 'c0ffee'.repeat(10) + 'beef' },
    { type: 'started', generation: 1 },
  ]
}

export type Bed = Awaited<ReturnType<typeof openBed>>
