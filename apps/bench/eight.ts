/** Eight cold tags at once, their images here, against the engine that starts the same eight at once. */
import { setTimeout as sleep } from 'node:timers/promises'
import { startLotan } from '../testing/harness/lotan.ts'
import { removeByHand, tagByHand } from '../testing/harness/docker.ts'
import { buildSmall } from '../testing/images/build.ts'
import { startImageRegistry } from '../testing/registries/image-registry.ts'
import { clickOn, optionsOf, startAlone, untilSandboxesReady } from './engine-alone.ts'
import { median, spread } from './figures.ts'

const AT_ONCE = 8
const ROUNDS = 6
const WARM_UP = 1
const PAUSE_MS = 500

/** With the sandboxes of the standard setting, with one for each, then without any. */
export async function eight(): Promise<void> {
  for (const sandboxes of [4, AT_ONCE, 0]) {
    console.log(`LOTAN_SANDBOXES=${sandboxes}`)
    await measure(sandboxes)
  }
}

async function measure(sandboxes: number): Promise<void> {
  const registry = await startImageRegistry()
  const image = `${registry.repository}:bench`
  await buildSmall(image, 'bench')
  const tagsOf = (round: number) => Array.from({ length: AT_ONCE }, (_, i) => `e${round}-${i}`)
  for (let round = 0; round < ROUNDS + WARM_UP; round++)
    for (const tag of tagsOf(round)) await tagByHand(image, `${registry.repository}:${tag}`)
  await tagByHand(image, `${registry.repository}:first`)
  const lotan = await startLotan({ repository: registry.repository, env: { LOTAN_SANDBOXES: String(sandboxes) } })
  const raw: string[] = []
  const rounds: { clicks: number[]; alone: number[] }[] = []
  try {
    await clickOn(lotan, 'first')
    const options = await optionsOf(lotan, 'first')
    for (let i = 0; i < ROUNDS + WARM_UP; i++) {
      const of = {
        clicks: () => Promise.all(tagsOf(i).map((tag) => clickOn(lotan, tag))),
        alone: () => Promise.all(tagsOf(i).map(() => startAlone(image, raw, options))),
      }
      const round = { clicks: [] as number[], alone: [] as number[] }
      for (const name of i % 2 ? (['clicks', 'alone'] as const) : (['alone', 'clicks'] as const)) {
        await untilSandboxesReady(lotan, sandboxes)
        await sleep(PAUSE_MS)
        round[name] = await of[name]()
      }
      if (i >= WARM_UP) rounds.push(round)
      // As many run in each round.
      for (const id of raw.splice(0)) await removeByHand(id)
      for (const tag of tagsOf(i)) await lotan.api('DELETE', `/previews/${tag}`)
      for (const tag of tagsOf(i)) await lotan.untilState(tag, 'unknown')
    }
  } finally {
    for (const id of raw) await removeByHand(id)
    await lotan.stop()
    await registry.close()
  }
  for (const [what, choose] of [
    ['median of the eight', median],
    ['the last of the eight', (values: number[]) => Math.max(...values)],
  ] as const) {
    const ratio = median(rounds.map(({ clicks, alone }) => choose(clicks) / choose(alone))).toFixed(2)
    const [clicks, alone] = (['clicks', 'alone'] as const).map((name) =>
      spread(
        rounds.map((round) => choose(round[name])),
        'ms',
      ),
    )
    console.log(`${what}: clicks ${clicks}, engine ${alone}: ${ratio} times (median of ${ROUNDS} rounds)`)
  }
}
