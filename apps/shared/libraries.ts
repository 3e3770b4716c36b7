/** The libraries of this machine's programs: an image that holds a program needs them too. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Paths, the loader's too; none for a program that needs no libraries. */
export async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ldd', [program])
  return [...stdout.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map((match) => match[1]!)
}
