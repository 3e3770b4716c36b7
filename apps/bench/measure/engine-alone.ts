/** What the engine takes for a container like Lotan's, without Lotan: on Lotan's network, at an address that it chooses. */
import { setTimeout as sleep } from 'node:timers/promises'
import { networkName } from '../../shared/slots/slots.ts'
import { addressOf, docker } from '../../testing/harness/docker.ts'
import type { Lotan } from '../../testing/harness/lotan.ts'
import { request } from '../../testing/clients/http.ts'
import { until } from '../../testing/harness/until.ts'

const LOOK_MS = 2

export type Options = Record<string, unknown>

/** The options of a preview's container, but for its network, which a sandbox may have. */
export async function optionsOf(lotan: Lotan, tag: string): Promise<Options> {
  const { HostConfig, Config } = await docker<{ HostConfig: object; Config: { Env: string[] } }>(
    'GET',
    `/containers/${await lotan.containerOf(tag)}/json`,
  )
  const NetworkMode = networkName(lotan.config.instance)
  return { HostConfig: { ...HostConfig, NetworkMode }, Env: Config.Env, Labels: { 'lotan.test': 'true' } }
}

/** As `docker pull`. @param reference with registry and tag */
export async function pullAlone(reference: string): Promise<void> {
  const colon = reference.lastIndexOf(':')
  const from = `fromImage=${encodeURIComponent(reference.slice(0, colon))}&tag=${reference.slice(colon + 1)}`
  const said = JSON.stringify(await docker('POST', `/images/create?${from}`))
  // What goes wrong later is told in the body of a 200.
  if (said.includes('errorDetail')) throw new Error(`${reference}: ${said}`)
}

/**
 * Create, start, first answer.
 * @param started gets the container's id
 * @param answers is when the time ends, if not at the first answer on port 80
 * @returns milliseconds
 */
export async function startAlone(
  image: string,
  started: string[],
  options: Options = {},
  answers: (id: string) => Promise<unknown> = answersOnPort80,
): Promise<number> {
  const began = performance.now()
  const { Id } = await docker<{ Id: string }>('POST', '/containers/create', {
    Labels: { 'lotan.test': 'true' },
    ...options,
    Image: image,
  })
  started.push(Id)
  await docker('POST', `/containers/${Id}/start`)
  await answers(Id)
  return performance.now() - began
}

/** Start of a stopped container, first answer. @returns milliseconds */
export async function startAgainAlone(id: string): Promise<number> {
  const began = performance.now()
  await docker('POST', `/containers/${id}/start`)
  await answersOnPort80(id)
  return performance.now() - began
}

async function answersOnPort80(id: string): Promise<void> {
  return answersAt(await addressOf(id), 80)
}

export async function answersAt(address: string, port: number): Promise<void> {
  for (;;) {
    try {
      return void (await request(port, { host: 'bench', address }))
    } catch {
      await sleep(LOOK_MS)
    }
  }
}

/** Nothing is made beside the next measurement. @param count LOTAN_SANDBOXES */
export async function untilSandboxesReady(lotan: Lotan, count: number): Promise<void> {
  const ready = () => lotan.store.sandboxes.list().filter(({ state }) => state === 'ready').length
  await until(`${count} sandboxes stand ready`, () => ready() === count)
}

export async function clickOn(lotan: Lotan, tag: string): Promise<number> {
  const began = performance.now()
  const { status } = await lotan.request(tag)
  if (status !== 200) throw new Error(`the click on ${tag} ended in ${status}`)
  return performance.now() - began
}
