import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { lastLines, rotateLogs } from './rotate.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-rotate-'))
after(() => fs.rmSync(dir, { recursive: true }))

test('a log that has grown too large is emptied under its writer, and three old ones are kept', () => {
  const file = path.join(dir, 'router.log')
  const out = fs.openSync(file, 'a')
  for (let n = 1; n <= 5; n++) {
    fs.writeSync(out, `${n} is longer than ten bytes\n`)
    rotateLogs(dir, 10)
  }
  fs.writeSync(out, 'short\n')
  rotateLogs(dir, 10)
  fs.closeSync(out)
  const content = (name: string) => fs.readFileSync(path.join(dir, name), 'utf8')[0]
  assert.deepEqual(fs.readdirSync(dir).sort(), ['router.log', 'router.log.1', 'router.log.2', 'router.log.3'])
  assert.deepEqual(['router.log', 'router.log.1', 'router.log.2', 'router.log.3'].map(content), ['s', '5', '4', '3'])
})

test("a part's logs are those named after it", () => {
  const own = fs.mkdtempSync(path.join(dir, 'parts-'))
  const files = ['nginx.log', 'nginx-access.log', 'router.log']
  for (const name of files) fs.writeFileSync(path.join(own, name), 'longer than ten bytes\n')
  rotateLogs(own, 10, ['nginx', 'redis'])
  assert.deepEqual(fs.readdirSync(own).sort(), [...files, 'nginx-access.log.1', 'nginx.log.1'].sort())
  fs.rmSync(own, { recursive: true })
})

test('the last lines of a log, and of one that is not there', () => {
  const file = path.join(dir, 'words.log')
  fs.writeFileSync(file, 'a\nb\nc\n')
  assert.deepEqual(lastLines(file, 2), ['b', 'c'])
  assert.deepEqual(lastLines(path.join(dir, 'none.log'), 2), [])
})
