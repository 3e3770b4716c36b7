import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventsFile, refusedIn } from './forks.ts'
import { parentFor } from './control-group.ts'

const id = 'f00d'.repeat(16)

test('a preview’s control group is at the top where the engine would put all into one', () => {
  const info = { CgroupDriver: 'cgroupfs', KernelVersion: '6.1.0', SecurityOptions: ['name=seccomp,profile=default'] }
  assert.equal(parentFor(info, '6.1.0'), '/')
  assert.equal(parentFor({ ...info, SecurityOptions: null }, '6.1.0'), '/')
  assert.equal(parentFor(info, '6.12.0'), undefined)
  assert.equal(parentFor({ ...info, CgroupDriver: 'systemd' }, '6.1.0'), undefined)
  assert.equal(parentFor({ ...info, SecurityOptions: ['name=rootless'] }, '6.1.0'), undefined)
})

test('refused forks are found in either version of control groups, and never in another process’s', () => {
  const first = `9:name=systemd:/docker/${id}\n8:pids:/docker/${id}\n1:cpu:/docker/${id}\n0::/\n`
  assert.equal(eventsFile(first, id), `/sys/fs/cgroup/pids/docker/${id}/pids.events`)
  assert.equal(eventsFile(`3:cpu,pids:/${id}\n`, id), `/sys/fs/cgroup/cpu,pids/${id}/pids.events`)
  const second = `0::/system.slice/docker-${id}.scope\n`
  assert.equal(eventsFile(second, id), `/sys/fs/cgroup/system.slice/docker-${id}.scope/pids.events`)
  assert.equal(eventsFile(second, 'beef'.repeat(16)), undefined)
  assert.equal(eventsFile('0::/\n', id), undefined)
  assert.equal(eventsFile('', id), undefined)
  assert.equal(refusedIn('max 7493\n'), 7493)
  assert.equal(refusedIn(''), undefined)
})
