import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Notice } from '../../shared/preview/notice.ts'
import { fresh, type ImageUpdate } from '../../shared/preview/preview.ts'
import { historyWords } from './history-words.ts'
import { noticeOf } from './notice-words.ts'

const failure = { code: 'disk-full', detail: 'engine words', at: 0, rest: 60_000 } as const
const newer: ImageUpdate = { number: 1, digest: 'sha256:d2', asked: false, failure }
const error: Notice = { code: 'answers-error', status: 500, path: '/' }
const label: Notice = { code: 'label', text: 'The image’s label lotan.port=x is not used: is no port.' }

const told = (notices: Notice[], update: ImageUpdate | null = null) =>
  noticeOf({ ...fresh, repository: '', tag: 'red', since: 0, state: 'pulling', progress: null, notices, update })

test('a notice is told in whole sentences, one after another', () => {
  const curbed =
    'It tries to make more processes than it may, without end: it gets little of the processor until it stops that.'
  assert.equal(told([]), null)
  assert.equal(told([error]), 'The application answers 500 at /.')
  assert.equal(told([label, error, { code: 'curbed' }]), `${label.text} The application answers 500 at /. ${curbed}`)
  assert.equal(
    told([{ code: 'elsewhere', port: 80, listens: ['[::]:3000', '0.0.0.0:3000'] }]),
    'It listens on port 3000, not on port 80.',
  )
  assert.equal(
    told([{ code: 'no-second-hosts' }]),
    'Its services have no hosts of their own here, since slots are ports (LOTAN_SLOT_KIND).',
  )
  assert.equal(
    told([{ code: 'update-rejected', reason: { code: 'exited', detail: 'exit code 3' } }]),
    'A newer image was pushed, but red did not start; the one before serves on. exit code 3',
  )
})

test('that a newer image does not come is told first, as long as it is so', () => {
  const why = 'but there is no room for red; the one before is used. engine words'
  assert.equal(told([], newer), `A newer image was pushed, ${why}`)
  assert.equal(
    told([error], { ...newer, digest: null }),
    `There may be a newer image, ${why} The application answers 500 at /.`,
  )
  assert.equal(told([], { ...newer, failure: null }), null)
})

test('the history tells of a first answer in the same words, and as an earlier Lotan wrote it', () => {
  const of = (detail: string | null) => historyWords('answered', detail, 'red')
  assert.equal(of(null), 'gave its first answer')
  assert.equal(of(JSON.stringify([label, error])), `${label.text} The application answers 500 at /.`)
  assert.equal(of('The application answers 404 at /.'), 'The application answers 404 at /.')
})

test('the history has words for what it knows, and shows the detail of what it does not', () => {
  assert.equal(historyWords('stop', 'room', 'red'), 'to make room for another')
  assert.equal(historyWords('start', 'visit', 'red'), 'a visitor opened it')
  for (const name of ['stop', 'start']) assert.equal(historyWords(name, 'constructor', 'red'), '')
  for (const event of ['toString', 'flown']) assert.equal(historyWords(event, 'to the moon', 'red'), 'to the moon')
})
