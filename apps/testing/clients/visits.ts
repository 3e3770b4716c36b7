/** Visitors of one preview, who note which page they were shown and when they asked for it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { http } from '../../shared/http.ts'
import type { Lotan } from '../harness/lotan.ts'

/**
 * Requests a tag's page in a loop, on kept and new connections in turn. Its heading tells pages apart: `v1`, `v2` …
 * @param options.pause milliseconds between a response and the next request
 */
export function startVisits(lotan: Lotan, tag: string, options: { connections: number; pause: number }) {
  const seen: { at: number; page: string }[] = []
  const failed: string[] = []
  let over = false

  async function visit(keepAlive: boolean) {
    const agent = new http.Agent({ keepAlive, maxSockets: 1 })
    while (!over) {
      const at = Date.now()
      try {
        const { status, text } = await lotan.request(tag, { agent })
        const page = /<h1>(v\d+)/.exec(text)?.[1]
        if (status === 200 && page) seen.push({ at, page })
        else failed.push(`${status} ${text.slice(0, 100)}`)
      } catch (error) {
        failed.push((error as Error).message)
      }
      await sleep(options.pause)
    }
    agent.destroy()
  }

  const visitors = Array.from({ length: options.connections }, (_, i) => visit(i % 2 === 0))
  return {
    /** `at` is when the page was asked for, milliseconds since 1970. */
    seen,
    failed,
    async stop() {
      over = true
      await Promise.all(visitors)
    },
  }
}
