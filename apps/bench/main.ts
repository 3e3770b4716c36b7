/**
 * `npm run bench [NAME...]`: measures. Without a name it answers all questions but those that only their name asks, and
 * writes docs/benchmarks.md.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { line, type Finding } from './measure/finding.ts'
import { machine } from './measure/machine.ts'
import { questions } from './questions.ts'
import { write } from './report/page.ts'

const root = path.resolve(import.meta.dirname, '../..')
const { positionals: names, values } = parseArgs({ allowPositionals: true, options: { minutes: { type: 'string' } } })
const unknown = names.filter((name) => !questions[name])
if (unknown.length > 0) {
  console.error(`no bench is called so: ${unknown.join(', ')}\nusage: npm run bench [NAME...]\n`)
  for (const [name, { asks }] of Object.entries(questions)) console.error(`  ${name.padEnd(12)} ${asks}`)
  process.exit(2)
}

const [only] = names
if (names.length === 1 && only) {
  const { asks, run } = questions[only]!
  console.log(`\n${asks}?`)
  const began = performance.now()
  const findings = await run(values.minutes === undefined ? {} : { minutes: Number(values.minutes) })
  for (const finding of findings) console.log(line(finding))
  console.log(`(${((performance.now() - began) / 1_000).toFixed(0)} s)`)
  process.send?.(findings)
} else {
  const measured = await machine()
  for (const [name, value] of Object.entries(measured)) console.log(`${name.padEnd(12)} ${value}`)
  const answers: Record<string, Finding[]> = {}
  const whole = Object.keys(questions).filter((name) => !questions[name]!.onlyByName)
  for (const name of names.length > 0 ? names : whole) answers[name] = await ask(name)
  if (names.length === 0) await write(root, measured, answers)
}

/** In a process of its own: what one leaves behind in memory must not slow the next. */
async function ask(name: string): Promise<Finding[]> {
  const child = fork(path.join(import.meta.dirname, 'main.ts'), [name])
  let findings: Finding[] = []
  child.on('message', (message) => (findings = message as Finding[]))
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`the bench ${name} ended with ${code}`)
  return findings
}
