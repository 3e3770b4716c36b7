import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diskLimit } from './limits.ts'

test('a label changes a limit, up to the ceiling, and the admin is told of what is not heeded', () => {
  const limits = { memory: '512m', cpus: 1, pids: 512, disk: '2g', diskMax: '4g' }
  const cut = "The image's label lotan.disk=4.1g is cut at 4g: LOTAN_CONTAINER_DISK_MAX allows no more."
  const wrong =
    "The image's label lotan.disk=lots is not used: write an amount of disk such as 500m or 2g, at least 1m."
  const table: [label: string | undefined, value: string, notice: string | null][] = [
    [undefined, '2g', null],
    ['100M', '100m', null],
    ['4096m', '4096m', null],
    ['4.1g', '4g', cut],
    ['lots', '2g', wrong],
  ]
  for (const [label, value, notice] of table) {
    const labels: Record<string, string> = label === undefined ? {} : { 'lotan.disk': label }
    assert.deepEqual(diskLimit(labels, limits), { value, notice }, label)
  }
})
