import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  bytesAbove,
  couldFree,
  inWords,
  isEvicting,
  isOld,
  usedPercent,
  chooseEvictions,
  type Disk,
} from './disk-space.ts'
import type { Preview } from './preview/preview.ts'

const now = 1_000_000_000
const minutes = (n: number) => now - n * 60_000

/** A preview with what this rule looks at; its image has 100 bytes. */
function preview(tag: string, state: Preview['state'], facts: object = {}): Preview {
  const image = { id: tag, pulled: true, bytes: 100 }
  const known = {
    repository: '',
    tag,
    since: minutes(90),
    lastSeen: null,
    readyAt: minutes(90),
    why: 'idle',
    stages: {},
    image,
  }
  return {
    ...known,
    phase: { paused: 'frozen', stopping: 'ending', removing: 'ending' }[state as string],
    retiring: [],
    pending: null,
    state,
    ...facts,
  } as unknown as Preview
}

test('the longest unused go first, and what sleeps before what is paused or runs', () => {
  const old = preview('old', 'stopped', { lastSeen: minutes(50) })
  const older = preview('older', 'stopped', { lastSeen: minutes(80) })
  const broken = preview('broken', 'failed', { lastSeen: minutes(60) })
  const frozen = preview('frozen', 'paused', { lastSeen: minutes(2) })
  const idle = preview('idle', 'running', { lastSeen: minutes(5) })
  const idler = preview('idler', 'running', { lastSeen: minutes(9) })
  const cases: [what: string, previews: Preview[], bytes: number, tags: string[]][] = [
    ['nothing is wanted', [old, idle], 0, []],
    ['one is enough', [old, older, broken], 100, ['older']],
    ['a byte more takes one more, failed or not', [old, older, broken], 101, ['older', 'broken']],
    ['a start of the admin’s counts as a visit', [old, preview('a', 'stopped', { stages: { running: minutes(70) } })], 1, ['a']],
    ['never used at all', [old, preview('a', 'stopped')], 1, ['a']],
    ['then what is paused, then the idle', [idle, frozen, old, idler], 350, ['old', 'frozen', 'idler', 'idle']],
    ['somebody is there', [preview('a', 'running', { lastSeen: now - 59_000 })], 100, []],
    ['it came up a moment ago', [preview('a', 'running', { readyAt: now - 1_000 })], 100, []],
    ['somebody may be reading why it failed', [preview('a', 'failed', { since: now - 59_000 })], 100, []],
    ['a paused one that wakes, or is not frozen yet', [preview('a', 'paused', { phase: 'waking' }), preview('b', 'paused', { phase: 'draining' })], 100, []],
    ['what is on its way up', [preview('a', 'queued'), preview('b', 'pulling'), preview('c', 'starting')], 100, []],
    ['not pulled by Lotan', [preview('a', 'stopped', { image: { pulled: false, bytes: 100 } }), preview('b', 'running', { image: { pulled: false, bytes: 100 } })], 100, []],
    ['what it wrote goes with it', [preview('wrote', 'stopped', { lastSeen: minutes(81) }), old, older], 340, ['wrote']],
    ['also where its image stays', [preview('strange', 'stopped', { image: { pulled: false, bytes: 100 } }), old], 150, ['strange', 'old']],
    ['nothing is left of it', [preview('a', 'stopped', { image: null })], 100, []],
    ['one is going already', [preview('a', 'stopped', { why: 'disk' }), old], 100, []],
    ['one is going, but is not enough', [preview('a', 'stopping', { why: 'disk' }), old], 150, ['old']],
    ['one that was to go comes back', [preview('a', 'stopping', { why: 'disk', phase: 'endingToRestart' }), old], 100, ['old']],
    ['what is being stopped anyway spares who is awake', [preview('a', 'stopping'), frozen, idle], 100, []],
    ['what is pinned stays', [preview('a', 'stopped', { pin: { until: null } }), preview('b', 'running', { pin: { until: now + 1 } }), old], 300, ['old']],
    ['but not where that is over', [preview('a', 'stopped', { pin: { until: now } })], 100, ['a']],
    ['but not who sleeps already', [preview('a', 'stopping'), old, idle], 200, ['old']],
  ] // prettier-ignore
  for (const [what, previews, bytes, tags] of cases)
    assert.deepEqual(chooseEvictions(previews, { wrote: 250, strange: 100 }, bytes, now).map(({ tag }) => tag), tags, what) // prettier-ignore
})

test('what could become free is all that Lotan pulled and that previews wrote, whoever uses it', () => {
  const strange = preview('a', 'stopped', { image: { pulled: false, bytes: 100 } })
  const all = [preview('b', 'running', { lastSeen: now }), preview('c', 'stopped'), strange]
  assert.equal(couldFree(all, {}, now), 200)
  assert.equal(couldFree([...all, preview('d', 'stopped', { pin: { until: null } })], {}, now), 200)
  assert.equal(couldFree(all, { a: 30, b: 5, gone: 7 }, now), 235)
})

test('an image is old once neither its preview nor a generation has it', () => {
  const here = preview('a', 'stopped')
  assert.deepEqual(['a', 'b'].map((id) => isOld({ id }, here)), [false, true]) // prettier-ignore
  assert.equal(isOld({ id: 'b' }, preview('a', 'running', { generation: { image: 'b' } })), false)
  assert.equal(isOld({ id: 'a' }, undefined), true)
})

test('room is coming while somebody goes', () => {
  assert.equal(isEvicting([preview('a', 'stopped'), preview('b', 'running')], {}), false)
  assert.equal(isEvicting([preview('a', 'stopped', { why: 'disk' })], {}), true)
  assert.equal(isEvicting([preview('a', 'stopped', { why: 'disk', image: null })], {}), false)
  assert.equal(isEvicting([preview('a', 'stopping')], {}), true)
  assert.equal(isEvicting([preview('a', 'stopping', { phase: 'endingToRestart' })], {}), false)
})

test('marks are percents of what can be used', () => {
  const disk: Disk = { total: 1_000, free: 120, root: '/' }
  assert.equal(usedPercent(disk), 88)
  assert.deepEqual([75, 88, 90].map((percent) => bytesAbove(disk, percent)), [130, 0, 0]) // prettier-ignore
})

test('bytes in words', () => {
  const words = [0, 999, 1_000, 300_400_000, 1_234_000_000, 12_600_000_000, 3e15].map(inWords)
  assert.deepEqual(words, ['0 B', '999 B', '1 kB', '300 MB', '1.2 GB', '13 GB', '3000 TB'])
})
