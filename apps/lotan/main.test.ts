import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { commands } from './cli/commands.ts'
import { exampleOf } from './cli/command.ts'
import { programOf } from './cli/program.ts'

const main = path.join(import.meta.dirname, 'main.ts')
const root = path.resolve(import.meta.dirname, '../..')

async function lotan(...args: string[]) {
  return promisify(execFile)(process.execPath, [main, ...args]).then(
    ({ stdout, stderr }) => ({ status: 0, out: stdout, err: stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      status: code,
      out: stdout,
      err: stderr,
    }),
  )
}

test('--version prints the version of the package', async () => {
  const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }
  assert.deepEqual(await lotan('--version'), { status: 0, out: `${version}\n`, err: '' })
})

test('help names every command; without a command it is an error', async () => {
  const { status, out, err } = await lotan('--help')
  assert.deepEqual([status, err], [0, ''])
  for (const { name, summary } of commands)
    assert.match(out.replace(/\n {2,}(?! )/g, ' '), new RegExp(`^ ?.*\\b${name} +${summary.slice(0, 30)}`, 'm'))
  assert.deepEqual(await lotan(), { status: 2, out: '', err: out })
})

test('what cannot be understood is told in one line, which leads to the help', async () => {
  const table: [args: string[], line: string][] = [
    [['lst'], "lotan: unknown command 'lst' (Did you mean list?); see lotan --help\n"],
    [['list', '--jso'], "lotan: unknown option '--jso' (Did you mean --json?); see lotan list --help\n"],
    [['wait'], "lotan: missing required argument 'TAG'; see lotan wait --help\n"],
    [['wait', 'a', 'b'], "lotan: too many arguments for 'wait'. Expected 1 argument but got 2: a, b.; see lotan wait --help\n"],
    [['list', '--state', 'ready'], "lotan: 'ready' is no state: queued, pulling, starting, running, paused, stopping, stopped, removing, failed\n"],
    [['stop', 'api/no/tag'], "lotan: 'no/tag' is no valid image tag\n"],
    [['wait', 'a', '--digest', 'abc'], 'lotan: --digest is what docker push prints: sha256: and 64 digits\n'],
    [['up', 'all'], "lotan: up takes names of parts, and 'all' is none\n"],
  ] // prettier-ignore
  const ended = await Promise.all(table.map(([args]) => lotan(...args)))
  for (const [i, [, err]] of table.entries()) assert.deepEqual(ended[i], { status: 2, out: '', err })
})

test('every command has one line and one example that it would understand', () => {
  for (const { name, summary, example } of commands) {
    assert.match(summary, /^[A-Z].{10,90}\.$/, name)
    assert.match(example, new RegExp(`\\blotan ${name}\\b`))
    const command = programOf(commands).commands.find((each) => each.name() === name)!
    assert.equal(exampleOf.get(command), example)
    // What stands behind it is the command's that runs in a preview.
    const [ours] = example.split(' -- ') as [string]
    for (const option of ours.match(/(?<= )--?[a-z][a-z-]*/g) ?? [])
      assert.ok(JSON.stringify(flagsOf(command)).includes(option), `${example}: ${option}`)
  }
})

function flagsOf(command: ReturnType<typeof programOf>): string[] {
  return [...command.options.map(({ flags }) => flags), ...command.commands.flatMap(flagsOf)]
}
