import assert from 'node:assert/strict'
import test from 'node:test'
import type { In } from '../../shared/preview/preview.ts'
import { noteColdStarts } from './server-timing.ts'
import { serverTiming } from '../start-timing.ts'

const at = 1_000_000
const stages = { queued: at, pulling: at + 13, starting: at + 1_213, waiting: at + 1_600, running: at + 1_690 }
const preview = { tag: 'red', stages } as In<'running'>

test('a start’s stages are told as a browser’s tools show them', () => {
  assert.equal(serverTiming(stages), 'queue;dur=13, pull;dur=1200, start;dur=387, ready;dur=90')
  assert.equal(serverTiming({ ...stages, pulling: undefined }), 'queue;dur=1213, start;dur=387, ready;dur=90')
  assert.equal(serverTiming({}), '')
})

test('they are told once for each start', () => {
  const { first } = noteColdStarts([])
  assert.ok(first(preview))
  assert.equal(first(preview), undefined)
  assert.ok(first({ ...preview, tag: 'blue' }))
  assert.ok(first({ ...preview, stages: { ...stages, running: at + 99_000 } }))
})

test('a router that is started anew does not tell of starts before it', () => {
  assert.equal(noteColdStarts([preview]).first(preview), undefined)
})

test('a preview that was taken over has no start to tell of', () => {
  assert.equal(noteColdStarts([]).first({ ...preview, stages: {} }), undefined)
})
