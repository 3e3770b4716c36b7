/** Puts the time of each file, longest first, before the summary of a run of tests. */
import path from 'node:path'
import type { TestEvent } from 'node:test/reporters'

/** @param events what `run` of node:test gives @param root what the names are to be relative to */
export async function* withFileTimes(events: AsyncIterable<TestEvent>, root: string): AsyncGenerator<TestEvent> {
  const times: [file: string, ms: number][] = []
  let told = false
  for await (const event of events) {
    if (event.type === 'test:summary' && event.data.file) times.push([event.data.file, event.data.duration_ms])
    // A file of those that share a process is a suite.
    if (event.type === 'test:complete' && event.data.details.type === 'suite' && event.data.name.endsWith('.test.ts'))
      times.push([path.resolve(root, event.data.name), event.data.details.duration_ms])
    if (
      event.type === 'test:diagnostic' &&
      event.data.file === undefined &&
      /^tests \d+$/.test(event.data.message) &&
      !told
    ) {
      told = true
      for (const [file, ms] of times.sort(([, a], [, b]) => b - a)) {
        const message = `${(ms / 1_000).toFixed(1).padStart(6)} s  ${path.relative(root, file)}`
        yield { type: 'test:diagnostic', data: { ...event.data, message } }
      }
    }
    yield event
  }
}
