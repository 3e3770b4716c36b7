/** Visitors and robots of several previews, who check that they are shown the page of the tag, and of the repository, that they asked for. */
import type { Agent, OutgoingHttpHeaders } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { http } from '../../shared/http.ts'
import { asBrowser, type Lotan } from '../harness/lotan.ts'

const program = {}
const robot = { 'User-Agent': 'uptime-kuma/1.0' }
/** The pause after a refusal or a failed connection. */
const REFUSED_MS = 100
/** Longer than a request may be held. A person would have gone. */
const GIVE_UP_MS = 30_000

export type Load = ReturnType<typeof startLoad>

/**
 * Requests every tag's `/plain` in a loop, on new and on kept connections.
 * @param options.people false for robots alone, who keep no preview awake
 * @param options.pause milliseconds after a response of the application
 * @param options.bypass a token that lets them through the gate. Strangers then ask too, whom no application may answer
 */
export function startLoad(
  lotan: Lotan,
  tags: string[],
  { people = true, pause = 20, bypass }: { people?: boolean; pause?: number; bypass?: string } = {},
) {
  const wrong = new Map<string, number>()
  const served = new Map<string, number>()
  const others = new Map<string, number>()
  const addresses = new Map<string, Set<string>>()
  let over = false

  async function visit(tag: string, headers: OutgoingHttpHeaders, keepAlive: boolean) {
    const agent = new http.Agent({ keepAlive, maxSockets: 1 })
    while (!over) await sleep((await ask(tag, headers, agent)) ? pause : REFUSED_MS)
    agent.destroy()
  }

  /** @returns whether an application answered */
  async function ask(tag: string, headers: OutgoingHttpHeaders, agent: Agent): Promise<boolean> {
    const givingUp = setTimeout(() => agent.destroy(), GIVE_UP_MS)
    try {
      const answer = await lotan.request(tag, { path: '/plain', headers, agent })
      const from = answer.headers['x-app-tag']
      if (bypass !== undefined && !headers['Lotan-Bypass'] && from !== undefined)
        count(wrong, `${answer.status} by ${String(from)}, to a stranger`)
      if (from === undefined && answer.status !== 200) {
        count(others, String(answer.status))
        return false
      }
      if (from !== tag || answer.text !== tag || answer.status !== 200)
        count(wrong, `${answer.status} ${answer.text}, by ${String(from)}, under ${tag}`)
      count(served, tag)
      const address = String(answer.headers['x-app-address'])
      addresses.set(address, (addresses.get(address) ?? new Set()).add(tag))
      return true
    } catch (error) {
      count(others, (error as NodeJS.ErrnoException).code ?? String(error))
      return false
    } finally {
      clearTimeout(givingUp)
    }
  }

  const kinds: OutgoingHttpHeaders[] = people ? [program, robot, asBrowser] : [robot]
  const letIn = bypass === undefined ? kinds : kinds.map((headers) => ({ ...headers, 'Lotan-Bypass': bypass }))
  const strangers = bypass === undefined ? [] : kinds
  const visitors = tags.flatMap((tag) =>
    [...letIn, ...strangers].flatMap((headers) => [true, false].map((keepAlive) => visit(tag, headers, keepAlive))),
  )
  return {
    /** Pages shown under another preview's host, with counts. */
    wrong: () => wrong,
    /** Responses of each tag's application. */
    served: () => served,
    /** Other responses, by status or error code. */
    others: () => others,
    /** The tags whose applications answered, by address. */
    addresses: () => addresses,
    async stop() {
      over = true
      await Promise.all(visitors)
    },
  }
}

function count(numbers: Map<string, number>, name: string) {
  numbers.set(name, (numbers.get(name) ?? 0) + 1)
}
