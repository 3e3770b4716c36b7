/** Visitors and robots of several previews, each of whom knows whose page they want. */
import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lotan } from './bed.ts'

const robot = { 'User-Agent': 'uptime-kuma/1.0' }

export type Load = ReturnType<typeof startLoad>

/**
 * Asks every tag's `/plain`, over and over: as people and as robots, on new connections and on kept ones.
 * @param options.people false for robots alone, who do not keep a preview awake
 */
export function startLoad(lotan: Lotan, tags: string[], { people = true } = {}) {
  const wrong: string[] = []
  let served = 0
  let over = false
  const kinds = people ? [{}, robot] : [robot, robot]
  const visitors = tags.flatMap((tag) =>
    kinds.flatMap((headers) =>
      [true, false].map(async (keepAlive) => {
        const agent = new http.Agent({ keepAlive, maxSockets: 1 })
        while (!over) {
          const answer = await lotan.request(tag, { path: '/plain', headers, agent }).catch(() => undefined)
          if (answer?.status === 200) {
            served++
            if (answer.text !== tag || answer.headers['x-app-tag'] !== tag) wrong.push(`${answer.text} under ${tag}`)
          }
          await sleep(20)
        }
        agent.destroy()
      }),
    ),
  )
  return {
    /** The pages that were shown under another's host. */
    wrong: () => wrong,
    /** How many answers came from an application. */
    served: () => served,
    async stop() {
      over = true
      await Promise.all(visitors)
    },
  }
}
