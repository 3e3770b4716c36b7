import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fresh, type Image, type Known, type Preview } from '../../../shared/preview/preview.ts'
import type { Lately, Took } from '../../../shared/preview/start-times.ts'
import { startEstimateOf, startEstimateWhilePending } from './estimate.ts'

const image: Image = { id: 'a', digest: null, pulled: true, bytes: 1, created: null, labels: {}, ports: [] }
const generation = { number: 1, container: 'c', slot: 1, sandbox: null, image: 'a', digest: null, port: 80 }
const known = (took: Took = {}, more: Partial<Known> = {}): Known => ({
  ...fresh,
  repository: '',
  tag: 'red',
  since: 0,
  took,
  ...more,
})
const queued = (took?: Took, more?: Partial<Known>): Preview => ({
  ...known(took, more),
  state: 'queued',
  phase: 'start',
  generation: null,
  notBefore: 0,
  by: 'visit',
  reason: null,
})
const pulling = (took?: Took, total = 0): Preview => ({
  ...known(took),
  state: 'pulling',
  progress: total ? { bytes: 0, total, layers: 1, layersDone: 0, percent: 0 } : null,
})
const starting = (took: Took, more: Partial<Known>): Preview => ({
  ...known(took, more),
  state: 'starting',
  generation,
})

const none: Lately = { pullRate: [], start: [] }
/** Bytes a millisecond. */
const lately: Lately = { pullRate: [1_000, 90_000, 500], start: [300, 500] }

describe('how long a start usually takes', () => {
  const table: [what: string, preview: Preview, lately: Lately, usual: number | null][] = [
    ['of the very first preview is not known', queued(), none, null],
    ['of a tag that was never started is not known: its image may be of any size', queued(), lately, null],
    [
      '… once its size is known it is what others took for as much, in the middle',
      pulling({}, 9_000_000),
      lately,
      9_400,
    ],
    ['one of them is enough', pulling({}, 9_000_000), { pullRate: [1_125], start: [400] }, 8_400],
    [
      'before that its own last pull says nothing: the layers were here, perhaps',
      pulling({ pull: 20, start: 100 }),
      lately,
      null,
    ],
    ['nor does it in line', queued({ pull: 20, start: 100 }), lately, null],
    ['what there is to fetch now may be less than the last time', pulling({ pull: 20_000 }, 1_000_000), lately, 1_400],
    ['no preview has pulled as much yet', pulling({}, 9_000_000), { pullRate: [], start: [400] }, null],
    ['none has answered yet', pulling({}, 9_000_000), { pullRate: [1_000], start: [] }, null],
    ['an image that is here need not be pulled', queued({}, { image }), lately, 400],
    [
      '… where no newer one is to be pulled first',
      { ...queued({}, { image }), phase: 'pull' } as Preview,
      lately,
      null,
    ],
    ['… nor looked for', { ...queued({}, { image }), phase: 'checkUpdate' } as Preview, lately, null],
    ['nor one that was here before this start', starting({ pull: 2_000, start: 100 }, { image }), lately, 100],
    [
      'one that was pulled for it counts on',
      starting({ pull: 9_000 }, { image, stages: { queued: 1, pulling: 2 } }),
      lately,
      9_400,
    ],
  ]
  for (const [what, preview, lately, usual] of table)
    test(what, () => {
      assert.equal(startEstimateOf(preview, lately), usual)
      assert.equal(startEstimateWhilePending(preview, lately), usual)
    })

  test('is told while somebody waits for it, and not else', () => {
    const rest: Preview[] = [true, false].flatMap((restarts): Preview[] => [
      { ...known({}, { image }), state: 'paused', generation, readyAt: 0, phase: restarts ? 'waking' : 'frozen' },
      {
        ...known({}, { image }),
        state: 'stopping',
        generation,
        why: 'idle',
        phase: restarts ? 'endingToRestart' : 'ending',
      },
    ])
    assert.deepEqual(
      rest.map((preview) => startEstimateWhilePending(preview, lately)),
      [400, 400, null, null],
    )
    const running: Preview = { ...known({}, { image }), state: 'running', generation, readyAt: 0, pending: null }
    const stopped: Preview = { ...known({}, { image }), state: 'stopped', generation, why: 'idle' }
    for (const preview of [running, stopped]) assert.equal(startEstimateWhilePending(preview, lately), null)
  })
})
