import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { surroundings } from '../testing/harness/surroundings.ts'
import { isJournal } from './journal.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-journal-'))
after(() => fs.rmSync(dir, { recursive: true }))

/** A file that stands for the journal's socket: only its device and number count. */
function place(name: string) {
  const fd = fs.openSync(path.join(dir, name), 'a')
  const { dev, ino } = fs.fstatSync(fd, { bigint: true })
  return { fd, stream: `${dev}:${ino}` }
}

test('the journal is where JOURNAL_STREAM says, and only there', () => {
  const [journal, other] = [place('journal'), place('other')]
  assert.equal(isJournal(journal.stream, journal.fd), true)
  assert.equal(isJournal(journal.stream, other.fd), false)
  assert.equal(isJournal(undefined, journal.fd), false)
  fs.closeSync(journal.fd)
  assert.equal(isJournal(journal.stream, journal.fd), false)
})

test('what writes to the journal logs there by itself, unless LOTAN_LOG says otherwise', () => {
  const { fd, stream } = place('out')
  const config = path.join(import.meta.dirname, 'config/config.ts')
  const script = `const { readConfig } = await import('${config}'); console.log(readConfig().logs)`
  const says = (env: Record<string, string>) => {
    fs.ftruncateSync(fd)
    execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...surroundings, LOTAN_DATA_DIR: path.join(dir, 'data'), ...env },
      stdio: ['ignore', fd, 'pipe'],
    })
    return fs.readFileSync(path.join(dir, 'out'), 'utf8').trim()
  }
  assert.equal(says({ JOURNAL_STREAM: stream }), 'stdout')
  assert.equal(says({ JOURNAL_STREAM: stream, LOTAN_LOG: 'files' }), 'files')
  assert.equal(says({ JOURNAL_STREAM: '1:1' }), 'files')
  assert.equal(says({ LOTAN_LOG: 'stdout' }), 'stdout')
  assert.throws(() => says({ LOTAN_LOG: 'syslog' }))
})
