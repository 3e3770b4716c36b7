import assert from 'node:assert/strict'
import { test } from 'node:test'
import { retryAfter, type Reason, type ReasonCode } from '../preview/failure-reason.ts'
import { failureWords } from './failure-words.ts'

/** When Lotan tries again by itself: after the first time, and after one more. */
const codes: Record<ReasonCode, [first: number | null, second: number | null]> = {
  'wrong-port': [null, null],
  'port-closed': [null, null],
  'no-answer': [60_000, null],
  'only-tls': [null, null],
  'only-http2': [null, null],
  'only-ipv6': [null, null],
  exited: [null, null],
  crashing: [null, null],
  'out-of-memory': [null, null],
  'disk-over': [null, null],
  'bad-image': [null, null],
  'file-capabilities': [null, null],
  'bad-stack': [null, null],
  'service-exited': [null, null],
  'service-unhealthy': [null, null],
  credentials: [300_000, 300_000],
  'registry-down': [30_000, 30_000],
  'rate-limited': [300_000, 300_000],
  'no-repository': [60_000, 60_000],
  'no-such-tag': [null, null],
  'copy-lost': [null, null],
  tls: [300_000, 300_000],
  'helper-failed': [300_000, 300_000],
  'aws-credentials': [300_000, 300_000],
  'aws-region': [null, null],
  'token-expired': [60_000, 60_000],
  stalled: [30_000, 30_000],
  'too-slow': [300_000, 300_000],
  'disk-full': [60_000, 60_000],
  'engine-down': [5_000, 5_000],
  'pull-failed': [60_000, 60_000],
  'start-failed': [60_000, 60_000],
}
const all = Object.keys(codes) as ReasonCode[]

const bare = (code: ReasonCode): Reason => ({
  code,
  detail: '',
  // Where something listens is what makes this the reason.
  ...(code === 'wrong-port' && { listens: ['0.0.0.0:3000'] }),
})
const full = (code: ReasonCode): Reason => ({
  code,
  detail: 'SECRET of the engine',
  output: ['SECRET of the application'],
  exitCode: 137,
  after: 1_234,
  port: 8080,
  listens: ['0.0.0.0:3000'],
  limit: '512m',
  program: 'docker-credential-pass',
  service: 'db',
})

/** Everything a visitor reads. */
function told(reason: Reason, tag = 'red'): string {
  const { heading, sentence, advice, hint } = failureWords(tag, reason)
  return [heading, sentence, ...advice.flatMap(({ who, what }) => [who, what]), hint].join('\n')
}

test('only what can pass by itself is tried again', () => {
  for (const code of all) assert.deepEqual([0, 1].map((tries) => retryAfter(bare(code), tries)), codes[code], code) // prettier-ignore
})

test('the hint says when that is', () => {
  const spans: Record<number, string> = { 5_000: '5 s', 30_000: '30 s', 60_000: '60 s', 300_000: '5 min' }
  for (const code of all) {
    const { hint } = failureWords('red', bare(code))
    const [first, second] = codes[code]
    if (second !== null) assert.ok(hint.includes(`by itself every ${spans[second]}`), `${code}: ${hint}`)
    else if (first !== null) assert.match(hint, /once more by itself/, code)
    else assert.doesNotMatch(hint, /tries/, code)
  }
})

test('every reason has whole sentences, with what is known and without it', () => {
  for (const code of all)
    for (const reason of [bare(code), full(code)]) {
      const { heading, sentence, advice, hint } = failureWords('red', reason)
      assert.match(heading, /^\S.*[^.]$/, code)
      for (const text of [sentence, hint, ...advice.map(({ what }) => what)]) assert.match(text, /^\S.*\.$/, code)
      assert.ok(advice.length > 0, code)
      for (const { who } of advice) assert.match(who, /:$/, code)
      assert.doesNotMatch(told(reason), /undefined|null|NaN|\[object|\s{2,}| \./, code)
    }
})

test('visitors never read the engine’s or the application’s own words', () => {
  for (const code of all) assert.doesNotMatch(told(full(code)), /SECRET/, code)
})

test('what is known is told', () => {
  const table: [Reason, RegExp][] = [
    [{ ...bare('exited'), exitCode: 1, after: 1_234 }, /ended by itself after 1\.2 s, with exit code 1\./],
    [{ ...bare('exited'), exitCode: 0, after: 12_345 }, /after 12 s, with exit code 0\./],
    [{ ...bare('crashing'), exitCode: 139 }, /the last time with exit code 139\./],
    [{ ...bare('no-answer'), port: 3000, after: 120_000 }, /listens on port 3000, but gave no answer within 120 s\./],
    [{ ...bare('out-of-memory'), limit: '512m' }, /its limit of 512 MB\./],
    [{ ...bare('out-of-memory'), limit: '1.5GB' }, /its limit of 1\.5 GB\./],
    [{ ...bare('port-closed'), port: 3000 }, /make it listen on 0\.0\.0\.0:3000\./],
    [
      { ...bare('helper-failed'), program: 'docker-credential-pass' },
      /install docker-credential-pass where Lotan finds it/,
    ],
  ]
  for (const [reason, expected] of table) assert.match(told(reason), expected)
})

test('a service whose image does not come is named, and nothing is said of the preview’s own', () => {
  const of = (code: ReasonCode) => told({ ...bare(code), service: 'db' })
  const table: [ReasonCode, RegExp][] = [
    ['pull-failed', /^The image of its service db could not be pulled\nIts registry does not have it/],
    ['credentials', /^The image of its service db cannot be fetched\n/],
    ['registry-down', /Lotan cannot pull the image of its service db until/],
    ['stalled', /^The pull of the image of its service db stands still/],
    ['disk-full', /^There is no room for the image of its service db/],
    ['bad-image', /^The image of its service db cannot be used\n/],
    ['start-failed', /^Its service db could not be started/],
  ]
  for (const [code, expected] of table) assert.match(of(code), expected)
  for (const code of ['pull-failed', 'credentials', 'too-slow', 'tls'] as const)
    assert.doesNotMatch(of(code), /\bred\b|REPOSITORY|has the tag/, code)
})

test('an application on another port is told which, one that listens to itself only is told so', () => {
  const wrong = (port: number, ...listens: string[]) => failureWords('red', { ...bare('wrong-port'), port, listens })
  assert.match(wrong(80, '0.0.0.0:3000').sentence, /nothing answers on port 80\. It listens on port 3000\./)
  assert.match(wrong(80, '[::]:3000', '0.0.0.0:3000', '0.0.0.0:9229').sentence, /listens on port 3000, 9229\./)
  assert.match(wrong(80, '127.0.0.1:9229', '0.0.0.0:3000').sentence, /listens on port 3000\./)
  assert.match(wrong(80, '0.0.0.0:3000').advice[0]!.what, /LABEL lotan\.port=3000 or EXPOSE 3000/)
  assert.match(wrong(80, '127.0.0.1:80').sentence, /listens on 127\.0\.0\.1:80, where it cannot be reached/)
  assert.match(wrong(80, '0.0.0.0:9229', '127.0.0.1:80').heading, /to itself only/)
  const unknown = failureWords('red', { code: 'wrong-port', detail: '', port: 80 })
  assert.doesNotMatch(told({ code: 'wrong-port', detail: '', port: 80 }), /undefined/)
  assert.match(unknown.advice[0]!.what, /listen on 0\.0\.0\.0:80/)
  // No label helps where every address is its own.
  for (const own of ['127.0.0.1:3000', '[::1]:3000', '::1:3000']) {
    const { heading, sentence, advice } = wrong(80, own)
    assert.match(heading, /to itself only/)
    assert.ok(sentence.includes(own))
    assert.match(advice[0]!.what, /listen on 0\.0\.0\.0:80/)
  }
})
