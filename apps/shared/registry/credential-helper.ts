/** https://github.com/docker/docker-credential-helpers */
import { execFile } from 'node:child_process'
import type { Login } from './docker-config.ts'
import { RegistryError } from './error.ts'

/** Some helpers call a remote service. */
const TIMEOUT_MS = 15_000
/** Of a file, less the prefix: Node throws at a longer one. */
const LONGEST_NAME = 200

/** @param name without `docker-credential-` @throws RegistryError `helper-failed` */
export async function askHelper(name: string, key: string, within = TIMEOUT_MS): Promise<Login | undefined> {
  const program = `docker-credential-${name.slice(0, LONGEST_NAME)}`
  const failed = (message: string, cause?: unknown) =>
    new RegistryError('helper-failed', `${program}: ${message}`, { program, cause })
  if (!/^[\w.-]+$/.test(name) || name.length > LONGEST_NAME)
    throw failed('config.json names a helper that is no program’s name')
  const { error, stdout, stderr } = await run(program, key, within)
  // Docker's message, on standard output.
  if (error && /credentials not found/i.test(stdout)) return undefined
  if (error?.code === 'ENOENT') throw failed('is not on the PATH', error)
  if (error?.killed) throw failed(`gave no answer in ${within / 1_000} s`, error)
  // Without a cause, which has its output too.
  if (error?.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') throw failed('printed no login, but more than 1 MB')
  const said = stderr || (hasSecret(stdout) ? '' : stdout)
  if (error) throw failed(said.trim().slice(0, 500) || `ended with status ${error.code}`, error)
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
    // A helper that ends without reading is judged by its exit code.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

/** Some fail after they have printed a login. */
function hasSecret(text: string): boolean {
  return /"secret"/i.test(text)
}

/** Its output is a secret and never part of a message. */
function parsed(text: string): { Username?: unknown; Secret?: unknown } | undefined {
  try {
    return JSON.parse(text) as object
  } catch {
    return undefined
  }
}
