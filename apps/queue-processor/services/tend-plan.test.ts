import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServiceRow } from '../../shared/stack/service-state.ts'
import { serviceRow } from '../../testing/harness/service-row.ts'
import { careOf, type Care } from './tend-plan.ts'

const now = 1_000_000_000
const row = (more: Partial<ServiceRow> = {}) =>
  serviceRow('pr-7', 'db', { state: 'running', container: 'c', since: now - 10_000, ...more })
const found = (status: string, id = 'c') => ({ id, status })

const table: [name: string, row: ServiceRow, found: ReturnType<typeof found> | undefined, care: Care | undefined][] = [
  ['it runs', row(), found('running'), undefined],
  ['it was made anew', row(), found('running', 'd'), { do: 'runs', container: 'd' }],
  ['it was started by hand while it rested', row({ state: 'restarting', restartAt: now + 400, crashes: 1 }), found('running'), { do: 'runs', container: 'c' }],
  ['it was paused by hand', row(), found('paused'), { do: 'wake', container: 'c' }],
  ['it ended', row(), found('exited'), { do: 'rest', crashes: 1, until: now + 500 }],
  ['it is gone', row(), undefined, { do: 'rest', crashes: 1, until: now + 500 }],
  ['it ended once more', row({ crashes: 2 }), found('exited'), { do: 'rest', crashes: 3, until: now + 8_000 }],
  ['it is forgiven after 5 minutes', row({ crashes: 4, since: now - 300_000 }), found('exited'), { do: 'rest', crashes: 1, until: now + 500 }],
  ['it rests', row({ state: 'restarting', restartAt: now + 400, crashes: 1 }), found('exited'), undefined],
  ['it has rested', row({ state: 'restarting', restartAt: now, crashes: 1 }), found('exited'), { do: 'start' }],
  ['the clock was set back while it rested', row({ state: 'restarting', restartAt: now + 90_000, crashes: 1 }), found('exited'), { do: 'start' }],
  ['a one-shot is done', row({ state: 'done' }), found('exited'), undefined],
  ['a newer stack has it', row({ state: 'waiting', container: null }), undefined, undefined],
] // prettier-ignore

for (const [name, row, found, care] of table)
  test(`care: ${name}`, () => assert.deepEqual(careOf(row, found, now), care))
