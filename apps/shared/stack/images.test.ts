import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAllowed, standardPatterns } from './images.ts'

test('images beside those of the repositories are allowed, and official ones', () => {
  const table: [references: string[], ...patterns: string[]][] = [
    [[], 'docker.io/library/*'],
    [['ghcr.io/team/app', 'ghcr.io/team/api'], 'ghcr.io/team/*', 'docker.io/library/*'],
    [['ghcr.io/team/group/app'], 'ghcr.io/team/group/*', 'docker.io/library/*'],
    [['localhost:5000/app'], 'localhost:5000/*', 'docker.io/library/*'],
    [['somebody/app'], 'docker.io/somebody/*', 'docker.io/library/*'],
    [['nginx'], 'docker.io/library/*'],
  ]
  for (const [references, ...patterns] of table) assert.deepEqual(standardPatterns(references), patterns)
})

test('an image is allowed by its place, its tag and its digest', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  const table: [pattern: string, allowed: string[], not: string[]][] = [
    [
      'docker.io/library/*',
      ['postgres', 'postgres:16', 'library/postgres', 'docker.io/library/postgres', 'docker.io/postgres', `redis@${digest}`, 'index.docker.io/library/postgres'],
      ['evil/postgres', 'ghcr.io/library/postgres', 'docker.io/library.evil/x', 'docker.io.evil.com/library/postgres'],
    ],
    ['ghcr.io/team/*', ['ghcr.io/team/db', 'ghcr.io/team/a/b:1'], ['ghcr.io/teams/db', 'ghcr.io/team', 'team/db', 'ghcr.io:443/team/db']],
    ['postgres:*', ['postgres', 'postgres:16', 'library/postgres:17'], ['postgresql', 'redis', `postgres@${digest}`.replace('postgres', 'redis')]],
    ['postgres', ['postgres', 'postgres:16', `postgres:16@${digest}`], ['postgres/x']],
    ['postgres:16*', ['postgres:16', 'postgres:16.1'], ['postgres', 'postgres:17', `postgres@${digest}`]],
    [`postgres@${digest}`, [`postgres@${digest}`, `postgres:16@${digest}`], ['postgres', `postgres@sha256:${'b'.repeat(64)}`]],
    ['axllent/*', ['axllent/mailpit', 'docker.io/axllent/mailpit:v1'], ['mailpit', 'ghcr.io/axllent/mailpit']],
    ['docker.io/*', ['axllent/mailpit', 'postgres'], ['ghcr.io/a/b']],
    ['*', ['axllent/mailpit', 'postgres', 'ghcr.io/a/b'], []],
    ['localhost:5000/*', ['localhost:5000/a'], ['localhost:5001/a', 'a']],
    ['ghcr.io/*/db-*:v*', ['ghcr.io/a/b/db-x:v1'], ['ghcr.io/a/db-x', 'ghcr.io/a/db:v1']],
  ] // prettier-ignore
  for (const [pattern, allowed, not] of table) {
    for (const image of allowed) assert.ok(isAllowed(image, ['nothing/else', pattern]), `${pattern} ${image}`)
    for (const image of not) assert.ok(!isAllowed(image, ['nothing/else', pattern]), `${pattern} ${image}`)
  }
  assert.ok(!isAllowed('postgres', []))
})
