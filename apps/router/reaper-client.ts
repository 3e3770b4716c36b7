/** Reads the engine through the reaper's socket, which changes nothing. */
import type { IncomingMessage } from 'node:http'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { http } from '../shared/http.ts'
import type { PreviewId } from '../shared/preview/preview-id.ts'
import type { InForce } from '../shared/config/in-force.ts'
import type { Config } from '../shared/config/config.ts'
import type { RegistryHealth } from '../shared/health/registry.ts'
import type { ImageSize } from '../shared/engine/engine.ts'

export type Reaper = ReturnType<typeof openReaper>

/** Both the reaper and the engine are on this machine. */
const ANSWER_MS = 1_000
/** How long a page waits for figures that are newer than the last. */
const FIGURES_MS = 100

export type ContainerState = { running: boolean; exitCode: number | null } | { gone: true }

/** As apps/reaper/http.ts has it. */
export interface Watched {
  open: PreviewId[] | null
  updatesAt: number | null
}

/** As apps/reaper/http.ts has it. Bytes. */
export interface Machine {
  engine: string | null
  disk: { total: number; free: number; root: string } | null
  memory: { total: number; available: number } | null
}

/** As apps/reaper/traffic.ts has it. Since the reaper began; bytes. */
export interface PreviewTraffic {
  classes: Record<string, number>
  sent: number
  received: number
}
export interface Traffic {
  previews: Record<PreviewId, PreviewTraffic>
  other: PreviewTraffic
}

/** Of one container, as apps/reaper/figures.ts has it. */
export interface Figures {
  /** Bytes. */
  memory: number
  /** Processors, on average of the last seconds; null where that is not known. */
  cpu?: number | null
  /** When it was measured, milliseconds since 1970. */
  at: number
}

/** All calls reject when the reaper does not answer in time or reports that it cannot tell. */
export function openReaper({ runDir }: Pick<Config, 'runDir'>) {
  const socketPath = path.join(runDir, 'reaper.sock')
  let known: Record<string, Figures> | undefined

  function get(uri: string, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      http
        .get({ socketPath, path: uri, signal, agent: false }, resolve)
        .on('error', (error) => reject(new Error(`asking the reaper for ${uri}`, { cause: error })))
    })
  }

  async function read<T>(uri: string, nullStatus?: number, within = ANSWER_MS): Promise<T | null> {
    const response = await get(uri, AbortSignal.timeout(within))
    const body = await text(response)
    if (response.statusCode === 200) return JSON.parse(body) as T
    if (response.statusCode === nullStatus) return null
    throw new Error(`the reaper answered ${response.statusCode} to ${uri}`)
  }

  return {
    /** Null when the reaper cannot reach the engine. */
    async engine(): Promise<string | null> {
      return (await read<{ version: string }>('/engine', 503))?.version ?? null
    },

    async container(id: string): Promise<ContainerState> {
      return (await read<ContainerState>(`/containers/${encodeURIComponent(id)}`, 404)) ?? { gone: true }
    },

    /** Settings and variables as those have them that make containers: the router need not be given them. */
    async inForce(): Promise<InForce> {
      return (await read<InForce>('/in-force'))!
    },

    async machine(): Promise<Machine> {
      return (await read<Machine>('/machine'))!
    },

    async watched(): Promise<Watched> {
      return (await read<Watched>('/watched'))!
    },

    /** Those of previews, and those that Lotan pulled and has not removed. */
    async images(): Promise<ImageSize[]> {
      return (await read<{ images: ImageSize[] }>('/images'))!.images
    },

    /** By the repository's name; null before its tags were read. */
    async registry(): Promise<Record<string, RegistryHealth | null>> {
      return (await read<{ health: Record<string, RegistryHealth | null> }>('/registry'))!.health
    },

    async traffic(): Promise<Traffic> {
      return (await read<Traffic>('/traffic'))!
    },

    /** By container id. The last ones that are known, where the reaper does not answer at once. */
    async figures(): Promise<Record<string, Figures>> {
      const asked = read<{ containers?: Record<string, Figures> }>('/figures').then(
        (told) => (known = told?.containers ?? {}),
      )
      if (!known) return asked
      const last = known
      return Promise.race([asked.catch(() => last), sleep(FIGURES_MS, last)])
    },

    /**
     * Has the registry's list of tags read again where it is older than that. Whoever asks goes on with the list that is
     * known then. Milliseconds.
     */
    async newerTags(repository: string, { age, within }: { age: number; within: number }): Promise<void> {
      await read(`/newer-tags?age=${age}&repository=${repository}`, 503, within).catch(() => {})
    },

    /** @returns its last `tail` lines as plain text; undefined when the engine does not know the container */
    async logs(
      id: string,
      {
        tail,
        follow,
        timestamps = false,
        signal,
      }: { tail: number | 'all'; follow: boolean; timestamps?: boolean; signal: AbortSignal },
    ): Promise<IncomingMessage | undefined> {
      // Only the response's head has a deadline: a followed log may be silent for hours.
      const timeout = new AbortController()
      const timer = setTimeout(() => timeout.abort(), ANSWER_MS)
      const query = `tail=${tail}${follow ? '&follow=1' : ''}${timestamps ? '&timestamps=1' : ''}`
      const uri = `/containers/${encodeURIComponent(id)}/logs?${query}`
      const response = await get(uri, AbortSignal.any([signal, timeout.signal])).finally(() => clearTimeout(timer))
      if (response.statusCode === 200) return response
      response.resume()
      if (response.statusCode === 404) return undefined
      throw new Error(`the reaper answered ${response.statusCode} to ${uri}`)
    },
  }
}
