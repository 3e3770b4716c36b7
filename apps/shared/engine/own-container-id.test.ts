import assert from 'node:assert/strict'
import { test } from 'node:test'
import { containerIn } from './own-container-id.ts'

test('a process in a container finds out which', () => {
  const id = '5f'.repeat(32)
  const other = 'e3'.repeat(32)
  const line = (source: string, target: string) => `610 609 254:0 ${source} ${target} rw,relatime - ext4 /dev/vda rw\n`
  const overlay = `600 500 0:50 / / rw,relatime - overlay overlay rw,upperdir=/var/lib/docker/containers/${other}/hostname\n`
  for (const root of ['/var/lib/docker', '/docker', '/srv/my data'.replace(' ', '\\040')])
    assert.equal(containerIn(overlay + line(`${root}/containers/${id}/hostname`, '/etc/hostname')), id, root)
  assert.equal(containerIn(line(`/var/lib/docker/containers/${id}/mounts/shm`, '/dev/shm')), undefined)
  assert.equal(containerIn(overlay + line('/home/me/hosts', '/etc/hosts')), undefined)
})
