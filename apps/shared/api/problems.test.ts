import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { withExamples, withProblems } from './documents.ts'
import { problem, problemOf } from './problem.ts'
import { kindOf, problemNames } from './problems.ts'

const root = path.resolve(import.meta.dirname, '../../..')

test('docs/api.md lists every problem and example; npm run generate makes it so', () => {
  const page = fs.readFileSync(path.join(root, 'docs/api.md'), 'utf8')
  assert.equal(page, withExamples(withProblems(page)))
  assert.notEqual(page.replace('pr-3001', ''), withExamples(page))
  assert.notEqual(page.replace('`no-preview`', ''), withProblems(page))
})

test('each is told to strangers: whole sentences, and no name of a setting or a process', () => {
  assert.ok(problemNames.length > 30)
  for (const name of problemNames) {
    const { status, title, means, remedy } = kindOf(name)
    assert.match(name, /^[a-z]+(-[a-z]+)*$/)
    assert.ok(status >= 400 && status < 600, name)
    assert.match(title, /^[A-Z].*[^.]$/)
    for (const text of [means, remedy]) assert.match(text, /^[A-Z].*\.$/, name)
    assert.doesNotMatch(`${title} ${means} ${remedy}`, /[A-Z]{2,}_[A-Z]|reaper|nginx|queue-processor|Redis/, name)
  }
})

test('a problem has the status and title of its type, and its type is a page of TL_DOMAIN', () => {
  const config = {
    domain: 'previews.example.com',
    publicUrl: { protocol: 'https:' as const, port: 8443 },
  }
  const said = problemOf(config, 'no-preview', 'There is none.', { tag: 'red' })
  assert.deepEqual(problem.parse(said), {
    type: 'https://previews.example.com:8443/problems/no-preview',
    title: 'No such preview',
    status: 404,
    detail: 'There is none.',
    tag: 'red',
  })
})
