/** The machine's busybox: images that hold nothing else need one without libraries. */
import fs from 'node:fs/promises'

/** @throws with what to install */
export async function staticBusybox(): Promise<string> {
  for (const file of ['/bin/busybox', '/usr/bin/busybox']) if (await isStatic(file)) return file
  throw new Error('there is no busybox on this machine that needs no libraries: install busybox-static')
}

/** A dynamic ELF file names its loader at its head. */
async function isStatic(file: string): Promise<boolean> {
  const program = await fs.open(file).catch(() => undefined)
  if (!program) return false
  try {
    const { buffer, bytesRead } = await program.read(Buffer.alloc(4_096), 0, 4_096, 0)
    return !buffer.subarray(0, bytesRead).includes('/ld-')
  } finally {
    await program.close()
  }
}
