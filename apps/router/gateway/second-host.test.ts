import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Preview } from '../../shared/preview/preview.ts'
import type { ServiceRow } from '../../shared/stack/service-state.ts'
import { readStack } from '../../shared/stack/read-stack.ts'
import { askedService, type AskedService, type ServiceFacts } from './second-host.ts'

const image = { id: 'sha256:1', digest: null, pulled: true, bytes: 1, created: null, labels: {}, ports: [80] }
const preview = (state: string, more: object = {}) => ({ state, image, update: null, ...more }) as unknown as Preview
const row = (more: Partial<ServiceRow> = {}) =>
  ({ name: 'mail', state: 'running', slot: 1_784, port: 8025, container: 'c', ...more }) as ServiceRow

const stack = readStack('services:\n  mail: { image: mail, x-lotan: { host: true } }\n  db: { image: postgres }')
assert.ok('stack' in stack)
const problems = { problems: [{ line: 1, key: '', problem: 'is wrong' }] }

const facts: ServiceFacts = {
  preview: preview('running'),
  stack,
  row: row(),
  slotKind: 'network',
  isLost: () => false,
}
const newer = { update: { number: 1, digest: null, asked: false, failure: null } }
const none = (where: 'here' | 'stack') => ({ is: 'none', where }) as const
const later = { is: 'later' } as const
const down = { is: 'down' } as const

const table: [what: string, name: string, facts: Partial<ServiceFacts>, asked: AskedService][] = [
  ['it runs', 'mail', {}, { is: 'up', service: row() as never }],
  ['it is started again', 'mail', { row: row({ state: 'restarting' }) }, down],
  ['it is not healthy yet', 'mail', { row: row({ state: 'starting' }) }, down],
  ['its container was found gone', 'mail', { isLost: () => true }, down],
  ['it has no address yet', 'mail', { row: row({ slot: null }) }, down],
  ['it has no container yet', 'mail', { row: row({ container: null }) }, down],
  ['nothing is noted of it yet', 'mail', { row: undefined }, down],
  ['the stack has none of that name', 'web', { row: undefined }, none('stack')],
  ['it asks for no host', 'db', { row: row({ slot: null, port: null }) }, none('stack')],
  ['there is no stack', 'mail', { stack: null, row: undefined }, none('stack')],
  ['its preview runs, whatever its stack says now', 'mail', { stack: problems, row: undefined }, none('stack')],
  ['its preview sleeps', 'mail', { preview: preview('stopped') }, later],
  ['its preview sleeps, and the stack has none', 'web', { preview: preview('stopped'), row: undefined }, none('stack')],
  ['its preview sleeps, and runs a newer image next', 'web', { preview: preview('stopped', newer) }, later],
  ['its preview is to fail', 'mail', { preview: preview('stopped'), stack: problems }, later],
  ['its image is not here', 'mail', { preview: preview('pulling', { image: null }), stack: undefined }, later],
  ['nothing is known of its preview', 'mail', { preview: undefined, stack: undefined, row: undefined }, later],
  ['slots are ports', 'mail', { slotKind: 'port' }, none('here')],
  ['slots are ports, and its preview sleeps', 'mail', { slotKind: 'port', preview: undefined }, none('here')],
]

for (const [what, name, over, asked] of table)
  test(`a service: ${what}`, () => assert.deepEqual(askedService(name, { ...facts, ...over }), asked))
