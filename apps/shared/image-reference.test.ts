import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readImageName } from './image-reference.ts'

const digest = `sha256:${'a'.repeat(64)}`

test('what a stack names is what the engine calls it', () => {
  const table: [image: string, repository: string, tag: string | null, name: string][] = [
    ['postgres', 'postgres', 'latest', 'postgres:latest'],
    ['postgres:16', 'postgres', '16', 'postgres:16'],
    ['library/postgres:16', 'postgres', '16', 'postgres:16'],
    ['docker.io/library/postgres:16', 'postgres', '16', 'postgres:16'],
    ['index.docker.io/axllent/mailpit', 'axllent/mailpit', 'latest', 'axllent/mailpit:latest'],
    ['ghcr.io/team/db:1', 'ghcr.io/team/db', '1', 'ghcr.io/team/db:1'],
    ['localhost:5000/db', 'localhost:5000/db', 'latest', 'localhost:5000/db:latest'],
    ['127.0.0.1:5000/a/db:x', '127.0.0.1:5000/a/db', 'x', '127.0.0.1:5000/a/db:x'],
    [`postgres@${digest}`, 'postgres', null, `postgres@${digest}`],
    [`localhost:5000/db:16@${digest}`, 'localhost:5000/db', null, `localhost:5000/db@${digest}`],
  ]
  for (const [image, repository, tag, name] of table) {
    assert.deepEqual(readImageName(image), { repository, tag, digest: tag === null ? digest : null, name }, image)
    assert.equal(readImageName(name).name, name, 'it is read again as itself')
  }
})
