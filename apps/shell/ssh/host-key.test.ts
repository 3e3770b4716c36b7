import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import ssh2 from 'ssh2'
import { hostKeyIn, makeHostKey } from './host-key.ts'

test('every host’s key that is made can be read, and signs', () => {
  for (let made = 0; made < 100; made++) {
    const key = ssh2.utils.parseKey(`${makeHostKey()}\n`)
    if (key instanceof Error) throw key
    assert.equal(key.type, 'ssh-ed25519')
    const signature = key.sign('a text')
    assert.equal(key.verify('a text', signature), true)
    assert.notEqual(key.verify('another', signature), true)
  }
})

test('it is made once, for its owner alone, and one that is damaged is named', () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-host-key-'))
  try {
    const first = hostKeyIn(dir)
    const file = path.join(dir, 'ssh-host-key')
    assert.equal(fs.statSync(file).mode & 0o777, 0o600)
    assert.deepEqual(hostKeyIn(dir), first)
    assert.match(first.fingerprint, /^SHA256:[A-Za-z0-9+/]{43}$/)
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('AAAA', 'BBBB'))
    assert.throws(() => hostKeyIn(dir), { message: `the file ${file} is damaged: remove it, and a new one is made` })
  } finally {
    fs.rmSync(dir, { recursive: true })
  }
})
