/** The hosts file of a sandbox, and so of the container that joins it: the engine lets neither say what is in it. */
import type Docker from 'dockerode'
import { call } from './call.ts'
import { EngineError } from './error.ts'

const WRITE_MS = 5_000
/** What the sandbox says once its file is written (apps/shared/sandbox/image/Dockerfile). */
const WRITTEN = 'hosts written'

/**
 * Replaces what was written before; the engine's own lines stay. By the sandbox's input: 2 ms, where an exec takes 60.
 * @param sandbox its name
 * @param address what all the hosts stand for
 * @throws EngineError `unjoined` where the sandbox does not run, `missing`, `occupied` where it takes no hosts
 */
export async function writeHosts(docker: Docker, sandbox: string, address: string, hosts: string[]): Promise<void> {
  const container = docker.getContainer(sandbox)
  const { Config, State } = await call(`inspecting ${sandbox}`, (abort) => container.inspect({ ...abort }))
  if (!State.Running) throw new EngineError('unjoined', `${sandbox} does not run`)
  if (!Config.OpenStdin) throw new EngineError('occupied', `${sandbox} was made to take no hosts`)
  const attach = { stream: true, stdin: true, stdout: true, hijack: true }
  const stream = await call(`attaching to ${sandbox}`, (abort) => container.attach({ ...attach, ...abort }))
  try {
    await call(`writing the hosts of ${sandbox}`, () => written(stream, [address, ...hosts].join(' ')), {
      ms: WRITE_MS,
    })
  } finally {
    ;(stream as NodeJS.ReadWriteStream & { destroy(): void }).destroy()
  }
}

function written(stream: NodeJS.ReadWriteStream, line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString('latin1')
      if (said.includes(WRITTEN)) resolve()
    })
    stream.on('error', reject)
    stream.on('close', () => reject(new EngineError('unjoined', `the sandbox ended: ${said}`)))
    stream.write(`${line}\n`)
  })
}
