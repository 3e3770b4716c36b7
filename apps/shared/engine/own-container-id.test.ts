import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { mangledText } from '../../testing/arbitraries/texts.ts'
import { eventsFile, refusedIn } from './forks.ts'
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

test('whatever the kernel’s files say, there is an id, a file of the control groups and a count, or none', () => {
  const id = 'ab'.repeat(32)
  const mounts = `36 35 98:0 /var/lib/docker/containers/${id}/hostname /etc/hostname rw - ext4 /dev/sda rw`
  const groups = `12:pids:/docker/${id}\n1:name=systemd:/docker/${id}\n0::/system.slice/docker-${id}.scope`
  fc.assert(
    fc.property(mangledText(mounts), mangledText(groups), mangledText('max 7493'), (mounts, groups, events) => {
      assert.match(containerIn(mounts) ?? id, /^[0-9a-f]{64}$/)
      assert.match(eventsFile(groups, id) ?? '/sys/fs/cgroup/x/pids.events', /^\/sys\/fs\/cgroup\/.*\/pids\.events$/)
      assert.ok((refusedIn(events) ?? 0) >= 0)
    }),
    { numRuns: 300 },
  )
})
