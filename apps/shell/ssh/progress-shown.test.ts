import assert from 'node:assert/strict'
import { test } from 'node:test'
import { showProgress } from './progress-shown.ts'

test('with a terminal progress is one line, which goes at its end', () => {
  let text = ''
  const { say, done } = showProgress('pr-7', true, (part) => (text += part))
  say('pulling its image, 10 %')
  say('starting')
  done()
  assert.equal(text, '\r\x1b[Kpr-7: pulling its image, 10 %\r\x1b[Kpr-7: starting\r\x1b[K')
})

test('what was up already leaves nothing on a terminal', () => {
  showProgress('pr-7', true, (part) => assert.fail(part)).done()
})

test('without a terminal it is lines, and percents alone come every two seconds', () => {
  let text = ''
  let now = 0
  const { say, done } = showProgress('pr-7', false, (part) => (text += part), () => now) // prettier-ignore
  for (const percent of [10, 11, 12]) say(`pulling its image, ${percent} %`)
  now = 2_000
  say('pulling its image, 60 %')
  say('starting')
  done()
  assert.equal(text, 'pr-7: pulling its image, 10 %\npr-7: pulling its image, 60 %\npr-7: starting\n')
})
