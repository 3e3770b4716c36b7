/** A disk in memory, of a test's own, that can be full. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const MB = 1024 * 1024

export type OwnDisk = Awaited<ReturnType<typeof openOwnDisk>>

export async function openOwnDisk({ megabytes }: { megabytes: number }) {
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-disk-'))
  await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'lotan-test', dir])
  const fill = path.join(dir, 'fill')

  return {
    dir,

    /** Until not a byte is left, although others give back a little meanwhile. */
    async fillUp(): Promise<void> {
      const file = await fs.open(fill, 'a')
      try {
        for (const piece of [MB, 4096, 1])
          await file
            .write(Buffer.alloc(piece))
            .then(async () => {
              for (;;) if ((await file.write(Buffer.alloc(piece))).bytesWritten < piece) return
            })
            .catch((error: NodeJS.ErrnoException) => assert.equal(error.code, 'ENOSPC'))
      } finally {
        await file.close()
      }
    },

    /** Gives back what `fillUp` took. */
    empty: () => fs.rm(fill, { force: true }),

    /** Bytes that are free. */
    async left(): Promise<number> {
      const { bavail, bsize } = await fs.statfs(dir)
      return bavail * bsize
    },

    async close(): Promise<void> {
      await run('umount', ['--lazy', dir])
      await fs.rmdir(dir)
    },
  }
}
