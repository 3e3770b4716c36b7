/**
 * Frees the engine's download slots after a pull was given up. The engine has three for all pulls. Engine 20.10 notices
 * that its client left only when it has progress to report, so three layers without bytes stop every pull (measured).
 * Ending the registry's connections frees the slots. Works only where this process is root beside the engine.
 */
import { execFile } from 'node:child_process'
import dns from 'node:dns/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Log } from '../../shared/log.ts'
import { HUB, splitReference } from '../../shared/registry/docker-config.ts'

const run = promisify(execFile)
const SS_TIMEOUT_MS = 5_000
/** A connection that received bytes since then belongs to another pull. */
export const SILENT_MS = 5_000
const MAX_ROUNDS = 5
const BETWEEN_MS = 300

interface Download {
  local: string
  peer: string
  silence: number
  received: number
}

/**
 * @param repository `HOST/NAME`
 * @param silence milliseconds without a byte; 0 ends all, and the engine resumes its other pulls after 5 s
 */
export async function freeDownloads(log: Log, repository: string, silence: number): Promise<void> {
  try {
    const { hostname, port } = registryAddressOf(repository)
    const addresses = (await dns.lookup(hostname, { all: true })).map(({ address }) => address)
    const listDownloads = async () => {
      const filter = ['state', 'established', 'dport', '=', `:${port}`]
      const { stdout } = await run('ss', ['-Htnpi', ...filter], { timeout: SS_TIMEOUT_MS, maxBuffer: 2 ** 26 })
      return downloadsIn(stdout).filter(({ peer }) => addresses.includes(addressOf(peer)))
    }
    let ended = 0
    for (let rounds = 0; rounds < MAX_ROUNDS; rounds++) {
      // The engine retries an interrupted request once, before it reports anything.
      const isStuck = (download: Download) => (rounds === 0 ? download.silence >= silence : download.received === 0)
      const stuck = (await listDownloads()).filter(isStuck)
      if (stuck.length === 0) break
      for (const { local, peer } of stuck)
        await run('ss', ['-HKtn', 'src', local, 'and', 'dst', peer], { timeout: SS_TIMEOUT_MS })
      ended += stuck.length
      await sleep(BETWEEN_MS)
    }
    if (ended > 0)
      log.info({ connections: ended }, 'ended connections of the engine that cancelled pulls had left open')
  } catch (error) {
    log.debug({ error: (error as Error).message }, 'the engine’s connections cannot be ended from here')
  }
}

/** Reads `ss -Htnpi`: a line with both ends and the process, then an indented line with the kernel's counters. */
export function downloadsIn(text: string): Download[] {
  const downloads: Download[] = []
  let isEngine = false
  for (const line of text.split('\n')) {
    if (!/^\s/.test(line)) {
      const [local, peer] = line.split(/\s+/).filter((word) => /:\d+$/.test(word))
      isEngine = line.includes('(("dockerd",')
      if (isEngine && local && peer) downloads.push({ local, peer, silence: 0, received: 0 })
    } else if (isEngine) {
      const last = downloads.at(-1)
      if (!last) continue
      last.silence = counterIn(line, 'lastrcv')
      last.received = counterIn(line, 'bytes_received')
    }
  }
  return downloads
}

function counterIn(line: string, name: string): number {
  return Number(new RegExp(`\\b${name}:(\\d+)`).exec(line)?.[1] ?? 0)
}

function registryAddressOf(repository: string): { hostname: string; port: string } {
  const { host } = splitReference(repository)
  const { hostname, port } = new URL(`https://${host === HUB ? 'registry-1.docker.io' : host}`)
  return { hostname: hostname.replace(/^\[(.*)\]$/, '$1'), port: port || '443' }
}

function addressOf(end: string): string {
  return end
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/^::ffff:/, '')
}
