/** What a preview may answer, to visitors who ask for it again and again. */
import assert from 'node:assert/strict'
import { startCrowd, type CrowdSeen } from '../../clients/crowd.ts'
import type { Lotan } from '../../harness/lotan.ts'
import { until } from '../../harness/until.ts'
import { buildScripted } from '../../images/build.ts'
import { answerOf, pathOf, type Known, type Line } from '../../images/script.ts'
import type { Attack, Bed } from './contained.ts'

const TAG = 'answers'
const VISITORS = 20

const head = 'HTTP/1.1 200 OK\r\n'
const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n`

interface Answer {
  says: Line[]
  /** What its visitors may be answered with; empty where they get nothing while they wait. */
  statuses: string[]
  /** Its visitors are still waiting when the attack ends. */
  waits?: true
}

const answers: Record<string, Answer> = {
  'headers of 4 MB': {
    says: [{ text: head }, { text: `X-Long: ${'x'.repeat(8_000)}\r\n`, times: 500 }, { text: '\r\n', close: true }],
    statuses: ['502'],
  },
  'headers a byte a second': {
    says: [{ text: head }, { text: 'X', endless: true, every: 1_000 }],
    statuses: [],
    waits: true,
  },
  'headers without end': { says: [{ text: head }, { text: 'X-More: x\r\n', endless: true }], statuses: ['502'] },
  'one header without end': {
    says: [{ text: `${head}X-More: ` }, { text: 'x'.repeat(1_000), endless: true }],
    statuses: ['502'],
  },
  'a Content-Length that is too large': {
    says: [{ text: `${head}Content-Length: 1000000\r\n\r\nshort`, close: true }],
    statuses: ['200'],
  },
  'a Content-Length that is too small': {
    says: [{ text: `${head}Content-Length: 1\r\n\r\n` }, { text: 'x'.repeat(1_000), times: 1_000, close: true }],
    statuses: ['200'],
  },
  'both a Content-Length and chunks': {
    says: [
      { text: `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`, close: true },
    ],
    statuses: ['200', '502'],
  },
  'chunk sizes that are none': { says: [{ text: `${chunked}zz\r\nabc\r\n`, close: true }], statuses: ['200', '502'] },
  'a chunk of 2^63 bytes': {
    says: [{ text: `${chunked}7fffffffffffffff\r\n` }, { text: 'x'.repeat(1_000), times: 1_000, close: true }],
    statuses: ['200', '502'],
  },
  'an answer without end': {
    says: [{ text: `${head}\r\n` }, { text: 'x'.repeat(16_000), endless: true }],
    statuses: ['200'],
    waits: true,
  },
  'the end at once': { says: [{ text: '', close: true }], statuses: ['502'] },
  '300 kB of Set-Cookie': {
    says: [
      { text: head },
      { text: `Set-Cookie: a=${'c'.repeat(1_000)}\r\n`, times: 300 },
      { text: '\r\n', close: true },
    ],
    statuses: ['502'],
  },
  '30 kB of Set-Cookie, in 1 500 lines': {
    says: [
      { text: head },
      { text: 'Set-Cookie: a=bcde\r\n', times: 1_500 },
      { text: answerOf('', 'cookies').replace('HTTP/1.1 \r\n', ''), close: true },
    ],
    statuses: ['200'],
  },
}

export const answerAttacks: Attack[] = Object.entries(answers).map(([name, answer]) => ({
  name: `a preview that answers with ${name}`,
  tag: TAG,
  stays: true,
  build: (reference) => buildScripted(reference.slice(0, reference.lastIndexOf(':')), [TAG]),
  run: (bed, measure) => answering(answer, bed, measure),
}))

export function answerAttack(name: keyof typeof answers): Attack {
  return answerAttacks[Object.keys(answers).indexOf(name)]!
}

async function answering({ says, statuses, waits }: Answer, { lotan }: Bed, measure: () => Promise<void>) {
  await lotan.click(TAG)
  const { asked: before } = await knownTo(lotan)
  const request = `GET ${pathOf(says)} HTTP/1.1\r\nHost: ${lotan.host(TAG)}\r\nConnection: close\r\n\r\n`
  const crowd = startCrowd({ port: lotan.port, connections: VISITORS, says: request })
  try {
    await until('it was asked by all', async () => (await knownTo(lotan)).asked >= before + VISITORS)
    if (!waits) await crowd.until('they have come again and again', () => crowd.ends() >= 3 * VISITORS)
    await measure()
    const seen = await crowd.stop()
    assert.deepEqual(
      Object.keys(seen.answers).filter((status) => !statuses.includes(status)),
      [],
      words(seen),
    )
    if (waits) assert.equal(seen.open, VISITORS)
    assert.equal(lotan.store.get(TAG)?.state, 'running')
    return words(seen)
  } finally {
    crowd.kill()
  }
}

async function knownTo(lotan: Lotan): Promise<Known> {
  const { status, text } = await lotan.request(TAG)
  assert.equal(status, 200, text)
  return JSON.parse(text) as Known
}

function words({ answers, ended, bytes }: CrowdSeen): string {
  return `its visitors got ${JSON.stringify(answers)}, ${JSON.stringify(ended)}, ${(bytes / 1e6).toFixed(0)} MB`
}
