import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import type { Request, Response } from 'express'
import { until } from '../../testing/harness/until.ts'
import { endStreams } from './end-streams.ts'

function answerTo(isOver: (() => boolean) | undefined) {
  const state = { ended: false, passed: false }
  const res = Object.assign(new EventEmitter(), {
    locals: { caller: { isOver } },
    destroy() {
      state.ended = true
      res.emit('close')
    },
  })
  void endStreams(2)({} as Request, res as unknown as Response, () => (state.passed = true))
  return { state, res }
}

test('an answer that goes on ends once what let its caller in has ended, and not before', async () => {
  let looks = 0
  const { state } = answerTo(() => ++looks > 5)
  assert.deepEqual(state, { ended: false, passed: true })
  await until('it has ended', () => state.ended)
  assert.equal(looks, 6)
})

test('an answer that is over is looked at no more, and one by the admin token never', async () => {
  let looks = 0
  const short = answerTo(() => ++looks > 1_000)
  const lasting = answerTo(undefined)
  await until('it was looked at', () => looks > 1)
  short.res.emit('close')
  const before = looks
  let others = 0
  const other = answerTo(() => ++others > 5)
  await until('time has passed', () => other.state.ended)
  assert.equal(looks, before)
  assert.deepEqual(lasting.state, { ended: false, passed: true })
})
