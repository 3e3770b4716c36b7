/**
 * Logins that a program keeps: `docker-credential-NAME get` reads the registry's name and prints the login as JSON
 * (https://github.com/docker/docker-credential-helpers).
 */
import { execFile } from 'node:child_process'
import type { Login } from './docker-config.ts'
import { RegistryError } from './error.ts'

/** Some ask a service far away, none a person: nobody sits in front of a server. */
const TIMEOUT_MS = 15_000

/**
 * Asks the helper for a registry's login.
 *
 * @param name without `docker-credential-`
 * @param key the registry's name, as the helper knows it
 * @returns undefined when the helper has none
 * @throws RegistryError `helper-failed`
 */
export async function askHelper(name: string, key: string, within = TIMEOUT_MS): Promise<Login | undefined> {
  const program = `docker-credential-${name}`
  const failed = (message: string, cause?: unknown) =>
    new RegistryError('helper-failed', `${program}: ${message}`, { program, cause })
  if (!/^[\w.-]+$/.test(name)) throw failed('config.json names a helper that is no program’s name')
  const { error, stdout, stderr } = await run(program, key, within)
  // Docker's own words for it, on standard output.
  if (error && /credentials not found/i.test(stdout)) return undefined
  if (error?.code === 'ENOENT') throw failed('is not on the PATH', error)
  if (error?.killed) throw failed(`gave no answer in ${within / 1_000} s`, error)
  if (error) throw failed((stderr || stdout).trim().slice(0, 500) || `ended with status ${error.code}`, error)
  const { Username, Secret } = parsed(stdout) ?? {}
  if (typeof Username !== 'string' || typeof Secret !== 'string') throw failed('printed no login')
  if (!Secret) return undefined
  return Username === '<token>'
    ? { identitytoken: Secret, serveraddress: key }
    : { username: Username, password: Secret, serveraddress: key }
}

interface Ran {
  error: (Error & { code?: string | number | null; killed?: boolean }) | null
  stdout: string
  stderr: string
}

function run(program: string, input: string, timeout: number): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(program, ['get'], { timeout, killSignal: 'SIGKILL' }, (error, stdout, stderr) =>
      resolve({ error, stdout, stderr }),
    )
    // One that ends without having read is judged by how it ends.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

/** Never a part of what it printed in a message: that is a secret. */
function parsed(text: string): { Username?: unknown; Secret?: unknown } | undefined {
  try {
    return JSON.parse(text) as object
  } catch {
    return undefined
  }
}
