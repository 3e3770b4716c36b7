/**
 * Runs the tests, all of them or those of one kind: `node apps/testing/run.ts [unit|parts|stories] [PART_OF_A_NAME...]`.
 * What it prints ends in the runner's own summary; before that stands each file's time.
 */
import os from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { run } from 'node:test'
import { spec, type TestEvent } from 'node:test/reporters'
import { environmentFor } from '../shared/config/config.ts'
import { calm, kinds, lightUnitTests, testFiles } from './kinds.ts'
import { withFileTimes } from './file-times.ts'
import { sideBySide } from './side-by-side.ts'

const root = path.resolve(import.meta.dirname, '../..')
const words = process.argv.slice(2)
const kind = kinds.find((kind) => kind === words[0])
const names = kind ? words.slice(1) : words
const all = testFiles(kind ? [kind] : kinds)
const files = names.length === 0 ? together(all) : all.filter((file) => names.some((name) => file.includes(name)))
if (files.length === 0) {
  console.error(`no test file is called so: ${words.join(' ')}`)
  process.exit(2)
}

const env = environmentFor(
  { dataDir: '' },
  {
    LOTAN_DATA_DIR: undefined,
    // Half of the time that a program of Lotan takes to start goes into compiling what it imports.
    NODE_COMPILE_CACHE: path.join(os.tmpdir(), 'node-compile-cache'),
    ...(kind === 'unit' && { PATH: '' }),
  },
)
const signal = AbortSignal.timeout(45 * 60_000)
const start = (file: string) =>
  run({
    cwd: root,
    files: [path.join(root, file)],
    concurrency: 1,
    execArgv: ['--import', path.join(import.meta.dirname, 'still-open.ts')],
    // Nothing that hangs takes longer: neither a test, nor a program that one has left behind.
    timeout: 15 * 60_000,
    signal,
    env,
  })
const events = withFileTimes(
  sideBySide(files, (file) => calm.includes(file), start),
  root,
)
Readable.from(withExitCode(events)).pipe(new spec()).pipe(process.stdout)

async function* withExitCode(events: AsyncIterable<TestEvent>): AsyncGenerator<TestEvent> {
  for await (const event of events) {
    if (event.type === 'test:summary' && event.data.file === undefined && !event.data.success) process.exitCode = 1
    yield event
  }
}

/** In their place the light unit tests' one process. */
function together(files: string[]): string[] {
  const light = lightUnitTests().filter((file) => files.includes(file))
  const others = files.filter((file) => !light.includes(file))
  return light.length > 0 ? ['apps/testing/light-unit-tests.ts', ...others] : others
}
