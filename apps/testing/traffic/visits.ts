/** Requests of people and robots. */
import { setTimeout as sleep } from 'node:timers/promises'
import { http } from '../../shared/http.ts'
import type { Ask } from '../clients/http.ts'
import { again, begin, type Scene, type Traffic } from './account.ts'
import { stream } from './transfers.ts'

const robot = { 'User-Agent': 'Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)' }
const prefetch = { 'Sec-Purpose': 'prefetch;prerender', Accept: 'text/html' }
/** A robot comes later than this, or the person before it would account for the route. */
const ROBOT_COMES_MS = 7_000

export async function robots(scene: Scene): Promise<Traffic> {
  return beside(scene, () => ({ headers: robot }))
}

export async function prefetches(scene: Scene): Promise<Traffic> {
  return beside(scene, (turn) => (turn % 2 ? { path: '/favicon.ico' } : { path: '/next-page', headers: prefetch }))
}

export async function personAmongRobots(scene: Scene): Promise<Traffic> {
  const { lotan, tag, timeout } = scene
  const { used, signal, lasting } = begin()
  const others = await robots(scene)
  const ask = async () => {
    const { status, text } = await lotan.request(tag, { path: '/plain' })
    if (status !== 200 || text !== tag) throw new Error(`the person got ${status} ${text}`)
    used()
  }
  await ask()
  const person = lasting(() => again(timeout / 2, ask, signal))
  return { ...person, wrong: () => [...person.wrong(), ...others.wrong()] }
}

export async function nothing(): Promise<Traffic> {
  return { lastUse: () => 0, wrong: () => [], end: async () => {} }
}

export function longRobot(path: string) {
  return async (scene: Scene): Promise<Traffic> => {
    await sleep(ROBOT_COMES_MS)
    return { ...(await stream(scene, path, robot)), lastUse: () => 0 }
  }
}

/** Two requests a second that do not count, on a kept connection and on new ones. */
function beside({ lotan, tag, over }: Scene, asking: (turn: number) => Partial<Ask>): Traffic {
  const kept = new http.Agent({ keepAlive: true, maxSockets: 1 })
  over.addEventListener('abort', () => kept.destroy())
  const wrong: string[] = []
  let turn = 0
  const ask = async () => {
    const { status } = await lotan.request(tag, { ...asking(turn), agent: turn % 4 < 2 ? kept : undefined })
    turn++
    // A running preview serves robots; a stopped one they do not wake.
    if (status !== 200 && lotan.store.get(tag)?.state === 'running') throw new Error(`a robot got ${status}`)
  }
  const done = again(500, ask, over).catch((error: Error) => void (over.aborted || wrong.push(error.message)))
  return { lastUse: () => 0, wrong: () => wrong, end: async () => (over.aborted ? done : undefined) }
}
