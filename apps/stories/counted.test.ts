/** The launcher rotates the log of requests, and the reaper counts them from it. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { rotateLogs } from '../lotan/supervisor/process/rotate.ts'
import { countRequests } from '../reaper/count-requests.ts'

const line = '2031-01-01T00:00:00+00:00 a.test person GET "/" 200 5 0.001 slot_1 -\n'

test('no request is lost or counted twice as the log is rotated, if it is looked at in between', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('write', 'write', 'look', 'rotate'), { maxLength: 30 }), (steps) => {
      const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-counted-'))
      const file = path.join(dir, 'nginx-access.log')
      fs.writeFileSync(file, line)
      const requests = countRequests(file)
      let written = 0
      let rotated = false
      for (const step of [...steps, 'look'])
        if (step === 'look') {
          requests.look()
          rotated = false
        } else if (step === 'write') {
          fs.appendFileSync(file, line)
          written++
        } else if (!rotated) {
          rotateLogs(dir, 0)
          rotated = true
        }
      fs.rmSync(dir, { recursive: true })
      assert.equal(requests.take().get('a.test')?.requests ?? 0, written)
    }),
    { numRuns: 200 },
  )
})
