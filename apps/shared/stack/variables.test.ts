import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readStack } from './read-stack.ts'
import { fillIn, secretNames } from './variables.ts'

const read = readStack(`
services:
  web:
    environment: { DB: 'postgres://u:\${LOTAN_SECRET_DB}@db/\${LOTAN_TAG}', PRICE: '$$5 and $$\${LOTAN_TAG}', HOST: '\${LOTAN_HOST}' }
    command: run --url \${LOTAN_URL}/x '$$HOME'
  db:
    image: redis
    environment: ['PASSWORD=\${LOTAN_SECRET_DB}']
    entrypoint: [sh, -c, 'echo \${LOTAN_SECRET_OTHER_1}']
    healthcheck: { test: 'redis-cli -a \${LOTAN_SECRET_DB} ping' }
  cache: { image: redis, healthcheck: { disable: true } }
`)
assert.ok('stack' in read)
const { app, services } = read.stack
const values = { tag: 'pr-7', host: 'pr-7.test', url: 'http://pr-7.test', secret: (name: string) => `<${name}>` }

test('variables are filled in, and $$ is a dollar', () => {
  const { environment, command } = fillIn(app, values)
  assert.deepEqual(environment, { DB: 'postgres://u:<DB>@db/pr-7', PRICE: '$5 and $pr-7', HOST: 'pr-7.test' })
  assert.deepEqual(command, ['run', '--url', 'http://pr-7.test/x', '$HOME'])
  const db = fillIn(services[0]!, values)
  assert.deepEqual(db.environment, { PASSWORD: '<DB>' })
  assert.deepEqual(db.entrypoint, ['sh', '-c', 'echo <OTHER_1>'])
  assert.deepEqual(db.healthcheck !== 'none' && db.healthcheck?.test, ['CMD-SHELL', 'redis-cli -a <DB> ping'])
  assert.equal(fillIn(services[1]!, values).healthcheck, 'none')
})

test('what a value says is not filled in again', () => {
  const { environment } = fillIn(app, { ...values, tag: '${LOTAN_URL}$$' })
  assert.equal(environment.PRICE, '$5 and $${LOTAN_URL}$$')
})

test('each secret is named once', () => {
  assert.deepEqual(secretNames([app, ...services]), ['DB', 'OTHER_1'])
})
