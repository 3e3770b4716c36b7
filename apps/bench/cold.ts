/**
 * A cold click with the image here, through nginx, against what the engine alone needs: create, start, first answer.
 * The engine runs twice: with the options of Lotan's containers (the difference is Lotan's) and with none (the
 * difference is the options').
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { startLotan } from '../testing/harness/lotan.ts'
import { addressOf, docker, removeByHand, tagByHand } from '../testing/harness/docker.ts'
import { request } from '../testing/clients/http.ts'
import { buildSmall } from '../testing/images/build.ts'
import { startImageRegistry } from '../testing/registries/image-registry.ts'
import { median, spread } from './figures.ts'

const PAIRS = 20
const WARM_UP = 3

export async function cold(): Promise<void> {
  const registry = await startImageRegistry()
  const image = `${registry.repository}:bench`
  await buildSmall(image, 'bench')
  for (let i = 0; i < PAIRS + WARM_UP; i++) await tagByHand(image, `${registry.repository}:c${i}`)
  const lotan = await startLotan({ repository: registry.repository })
  const raw: string[] = []
  let options: object | undefined
  const rounds: { click: number; same: number; bare: number }[] = []
  try {
    for (let i = 0; i < PAIRS + WARM_UP; i++) {
      const click = async () => {
        const began = performance.now()
        const { status } = await lotan.request(`c${i}`)
        if (status !== 200) throw new Error(`the click on c${i} ended in ${status}`)
        return performance.now() - began
      }
      // The first click shows which options Lotan sets.
      const clickFirst = i === 0 ? await click() : undefined
      options ??= await optionsOf(`lotan-${lotan.config.instance}-c0-1`)
      const same = () => startBare(image, raw, options)
      const bare = () => startBare(image, raw)
      // The order changes, so that none always follows the same one.
      const round = { click: 0, same: 0, bare: 0 }
      for (const name of orders[i % orders.length]!)
        round[name] = name === 'click' ? (clickFirst ?? (await click())) : await (name === 'same' ? same : bare)()
      if (i >= WARM_UP) rounds.push(round)
      await sleep(300)
    }
  } finally {
    for (const id of raw) await removeByHand(id)
    await lotan.stop()
    await registry.close()
  }
  const times = (name: keyof (typeof rounds)[number]) => rounds.map((round) => round[name])
  console.log(`click                          ${spread(times('click'), 'ms')}`)
  console.log(`engine, with Lotan's options   ${spread(times('same'), 'ms')}`)
  console.log(`engine, without any            ${spread(times('bare'), 'ms')}`)
  const ratio = (name: 'same' | 'bare') => median(rounds.map((round) => round.click / round[name])).toFixed(2)
  console.log(
    `a click takes ${ratio('same')} times what the engine takes for the same container (median of ${PAIRS} rounds)`,
  )
  console.log(`and ${ratio('bare')} times what it takes for one without limits on the engine's own network`)
}

const orders = [
  ['click', 'same', 'bare'],
  ['same', 'bare', 'click'],
  ['bare', 'click', 'same'],
] as const

/** Without the address, which the engine then chooses. */
async function optionsOf(name: string): Promise<object> {
  const { HostConfig, Config } = await docker<{ HostConfig: object; Config: { Env: string[] } }>(
    'GET',
    `/containers/${name}/json`,
  )
  return { HostConfig, Env: Config.Env }
}

async function startBare(image: string, started: string[], options: object = {}): Promise<number> {
  const began = performance.now()
  const { Id } = await docker<{ Id: string }>('POST', '/containers/create', {
    ...options,
    Image: image,
    Labels: { 'lotan.test': 'true' },
  })
  started.push(Id)
  await docker('POST', `/containers/${Id}/start`)
  const address = await addressOf(Id)
  for (;;) {
    try {
      await request(80, { host: 'bench', address })
      return performance.now() - began
    } catch {
      await sleep(2)
    }
  }
}
