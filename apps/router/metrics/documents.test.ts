import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { withMetrics } from './documents.ts'
import { families } from './families.ts'

const file = path.resolve(import.meta.dirname, '../../..', 'docs/metrics.md')
const page = fs.readFileSync(file, 'utf8')

test('docs/metrics.md has each metric as the code has it', () => {
  assert.equal(page, withMetrics(page), 'run npm run generate')
  const stale = page.replace('`lotan_up`', '`lotan_down`')
  assert.notEqual(stale, withMetrics(stale))
})

test('its alerts ask for metrics and labels that there are', () => {
  const alerts = /```yaml\n(groups:.*?)```/s.exec(page)?.[1] ?? ''
  const expressions = [...alerts.matchAll(/expr: (.*)/g)].map(([, expression]) => expression!)
  assert.equal(expressions.length, 6)
  for (const expression of expressions) {
    const names = [...expression.matchAll(/\b(?:lotan|process|nodejs)_\w+(\{[^}]*\})?/g)]
    assert.ok(names.length > 0, expression)
    for (const [name = '', matchers = ''] of names) {
      const family = families[name.replace(/\{.*/, '').replace(/_(bucket|sum|count)$/, '')]
      assert.ok(family, name)
      for (const [, label] of matchers.matchAll(/(\w+)=~?"/g)) assert.ok(family.labels.includes(label!), name)
    }
  }
})
