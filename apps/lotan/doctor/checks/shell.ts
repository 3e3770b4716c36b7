/** The way in, where it is on: the port of SSH, and the file of its keys. */
import fs from 'node:fs'
import net from 'node:net'
import type { Config } from '../../../shared/config/config.ts'
import { findings, type Finding } from '../../../shared/health/finding.ts'
import { whyNotListenAt } from '../../nginx/listen.ts'

const ASK_MS = 3_000
/** What Lotan's server says first (RFC 4253, 4.2). */
const BANNER = /^SSH-2\.0-Lotan\b/

export async function checkShell({ shell }: Pick<Config, 'shell'>, isRunning: boolean): Promise<Finding[]> {
  const { ok, failure } = findings('way in')
  if (!shell) return []
  const by = 'people with the right to it look inside by browser, lotan shell and API'
  if (!shell.ssh) return [ok(by)]
  const { listen, keys } = shell.ssh
  const place = `${listen.host}:${listen.port}`
  const found = [ok(by), judgeKeys(keys)]
  if (isRunning) {
    const says = await firstLineOf(listen)
    if (BANNER.test(says)) return [...found, ok(`Lotan answers at ${place} by SSH`)]
    const advice = `another program may have the port: ss -ltnp 'sport = :${listen.port}' names it; else Lotan's log says why`
    return [...found, failure(`it is not Lotan that answers at ${place} by SSH`, advice)]
  }
  const why = await whyNotListenAt('LOTAN_SSH_LISTEN', listen)
  return [...found, why === undefined ? ok(`${place} is free for SSH`) : failure(why, 'or set LOTAN_SSH_LISTEN')]
}

function judgeKeys(file: string): Finding {
  const { ok, warning, failure } = findings('way in')
  try {
    const { mode } = fs.statSync(file)
    const lines = fs.readFileSync(file, 'utf8').split('\n')
    const count = lines.filter((line) => line.trim() !== '' && !line.trim().startsWith('#')).length
    if (mode & 0o022)
      return warning(`others than its owner may write ${file}, and so let in whom they like`, `chmod go-w ${file}`)
    if (count === 0)
      return warning(`${file} has no key: nobody comes in by SSH`, 'put a public key into it, a line each')
    return ok(`${file} has ${count === 1 ? '1 key' : `${count} keys`}`)
  } catch (error) {
    const says = `the keys of LOTAN_SSH_KEYS cannot be read: ${(error as Error).message}`
    return failure(says, 'make the file, and let the user that runs Lotan read it')
  }
}

/** @returns empty where nothing answers */
function firstLineOf({ host, port }: { host: string; port: number }): Promise<string> {
  const at = { '0.0.0.0': '127.0.0.1', '[::]': '::1' }[host] ?? host.replace(/^\[(.*)\]$/, '$1')
  return new Promise((resolve) => {
    const socket = net.connect({ host: at, port, timeout: ASK_MS })
    let said = ''
    const end = () => {
      socket.destroy()
      resolve(said.split('\n')[0]!.trim())
    }
    socket.on('data', (chunk: Buffer) => {
      said += chunk.toString('latin1')
      if (said.includes('\n')) end()
    })
    socket.on('timeout', end).on('error', end).on('close', end)
  })
}
