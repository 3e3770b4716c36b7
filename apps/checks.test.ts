/** What holds of all source files, and can be seen in their text. What tools find: checks.parts.test.ts. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { test } from 'node:test'
import { calm, kindOf, kinds, longest, testFiles } from './testing/kinds.ts'

const root = path.resolve(import.meta.dirname, '..')
const rules = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as {
  forbidden: { name: string; from: { path: string[] } }[]
}
const sources = fs
  .globSync('apps/**/*.ts', { cwd: root, exclude: (name) => name.endsWith('node_modules') })
  .map((file) => ({ file, text: fs.readFileSync(path.join(root, file), 'utf8') }))
const files = sources.map(({ file }) => file)

test('the checks look at all sources', () => {
  for (const file of ['apps/checks.test.ts', 'apps/lotan/main.ts', 'apps/shared/tag.ts'])
    assert.ok(files.includes(file))
})

test('only config reads the environment', () => {
  // What runs inside a container of the tests is no part of Lotan.
  const readers = sources.filter(
    ({ file, text }) => !/^apps\/testing\/images\/(app|items)\.ts$/.test(file) && text.includes(`process.${'env'}`),
  )
  assert.deepEqual(
    readers.map(({ file }) => file),
    ['apps/shared/config/config.ts'],
  )
})

test('pure files know no clock, no chance and no environment', () => {
  const pure = rules.forbidden.find(({ name }) => name === 'pure')!.from.path
  const outside = /\b(Date\.now|new Date\(\)|performance\.|Math\.random|setTimeout|setInterval|process\.|fetch\()/
  const wrong = pure.flatMap((pattern) => {
    const source = sources.find(({ file }) => new RegExp(pattern).test(file))
    if (!source) return [`${pattern} is not there`]
    const uses = outside.exec(source.text)
    return uses ? [`${source.file} uses ${uses[0]}`] : []
  })
  assert.ok(pure.length > 20)
  assert.deepEqual(wrong, [])
})

test('every test file is of one kind, and those that are told to run first are there', () => {
  assert.deepEqual(testFiles().toSorted(), files.filter((file) => file.endsWith('.test.ts')).toSorted())
  assert.equal(kinds.flatMap((kind) => testFiles([kind])).length, testFiles().length)
  assert.deepEqual(testFiles().slice(0, longest.length), longest)
  assert.deepEqual(
    calm.filter((file) => !testFiles().includes(file)),
    [],
  )
  for (const [file, kind] of [
    ['apps/shared/tag.test.ts', 'unit'],
    ['apps/shared/queue.parts.test.ts', 'parts'],
    ['apps/reaper/main.engine.test.ts', 'stories'],
    ['apps/stories/click.test.ts', 'stories'],
  ] as const)
    assert.equal(kindOf(file), kind)
})

test('no test is left out', () => {
  const partial = sources
    .filter(
      ({ file }) => /\.(test|long)\.ts$|\bharness\b|^apps\/testing\//.test(file) && file !== 'apps/checks.test.ts',
    )
    .filter(({ text }) => /\b(test|it|describe|suite|t)\.(only|skip|todo)\b|\b(only|skip|todo): /.test(text))
  assert.deepEqual(
    partial.map(({ file }) => file),
    [],
  )
})
