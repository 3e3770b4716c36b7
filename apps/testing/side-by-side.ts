/**
 * Runs test files side by side, as one run. A whole Lotan uses half a processor on average, so two of them leave a
 * processor of two idle for a good part of the time: a file that mostly waits fills it. Three busy ones at once would make
 * whole Lotans wait seconds for their turn.
 */
import type { TestEvent } from 'node:test/reporters'

const BUSY = 2
const ALL = 3

type Summary = Extract<TestEvent, { type: 'test:summary' }>['data']

/**
 * @param files in the order in which they start, but that a calm one goes before busy ones where only it may
 * @param isCalm whether a file mostly waits
 * @param start runs one file
 * @returns the events of each file once it has ended, and at the end those of one summary
 */
export async function* sideBySide(
  files: string[],
  isCalm: (file: string) => boolean,
  start: (file: string) => AsyncIterable<TestEvent>,
): AsyncGenerator<TestEvent> {
  const began = performance.now()
  const waiting = [...files]
  const running = new Map<string, Promise<{ file: string; events: TestEvent[] }>>()
  const mayStart = (file: string) =>
    running.size < ALL && (isCalm(file) || [...running.keys()].filter((other) => !isCalm(other)).length < BUSY)
  const ends: TestEvent[] = []
  while (waiting.length > 0 || running.size > 0) {
    for (let next = waiting.find(mayStart); next !== undefined; next = waiting.find(mayStart)) {
      waiting.splice(waiting.indexOf(next), 1)
      running.set(next, collect(next, start(next)))
    }
    const { file, events } = await Promise.race(running.values())
    running.delete(file)
    for (const event of events)
      if (isOfRun(event)) ends.push(event)
      else yield event
  }
  yield* summaryOf(ends, performance.now() - began)
}

async function collect(file: string, started: AsyncIterable<TestEvent>) {
  const events: TestEvent[] = []
  for await (const event of started) events.push(event)
  return { file, events }
}

/** Whether it tells of a run and not of a file: its plan, its numbers, its summary. */
function isOfRun({ type, data }: TestEvent): boolean {
  return /^test:(plan|diagnostic|summary)$/.test(type) && (data as { file?: string }).file === undefined
}

/** As `run` ends: the sum of their numbers. @param ends of each run, what tells of it */
function* summaryOf(ends: TestEvent[], duration_ms: number): Generator<TestEvent> {
  const summaries = ends.flatMap(({ type, data }) => (type === 'test:summary' ? data : []))
  const numbers = ends.flatMap(({ type, data }) => (type === 'test:diagnostic' ? numberIn(data.message) : []))
  for (const [name, number] of sums([
    ...numbers.filter(([name]) => name !== 'duration_ms'),
    ['duration_ms', duration_ms],
  ]))
    yield { type: 'test:diagnostic', data: { nesting: 0, message: `${name} ${number}`, level: 'info' } }
  const counts = Object.fromEntries(
    sums(summaries.flatMap(({ counts }) => Object.entries(counts))),
  ) as Summary['counts']
  const success = summaries.every(({ success }) => success)
  yield { type: 'test:summary', data: { file: undefined, success, counts, duration_ms } }
}

/** @param message `tests 5` */
function numberIn(message: string): [name: string, number: number][] {
  const [, name, number] = /^(\w+) ([\d.]+)$/.exec(message) ?? []
  return name ? [[name, Number(number)]] : []
}

function sums(numbers: [name: string, number: number][]): Map<string, number> {
  const all = new Map<string, number>()
  for (const [name, number] of numbers) all.set(name, (all.get(name) ?? 0) + number)
  return all
}
