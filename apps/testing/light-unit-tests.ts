/** The unit tests that take little time, in one process: to start one for each file would take longer than they do. */
import path from 'node:path'
import { describe } from 'node:test'
import { lightUnitTests } from './kinds.ts'

const root = path.resolve(import.meta.dirname, '../..')

// A suite each: a file's hooks are for its own tests.
for (const file of lightUnitTests())
  describe(file, async () => {
    await import(path.join(root, file))
  })
