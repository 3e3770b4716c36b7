import fs from 'node:fs'
import path from 'node:path'
import { readApiConfig, type ApiConfig } from '../../shared/config/config.ts'
import { findRunDir } from '../../shared/config/data-dir.ts'
import type { Api } from './api.ts'
import { displayPath } from '../console.ts'
import { readRunFile } from '../supervisor/run-file.ts'

/** Without LOTAN_API: by the data directory's run file, else by its settings. @returns `missing`: what to do */
export function findApi(config: ApiConfig = readApiConfig()): Api | { missing: string } {
  const { api, adminToken, dataDir, domain } = config
  if (api) {
    // The data directory's token must not be sent to another Lotan.
    if (!adminToken) return { missing: `set LOTAN_ADMIN_TOKEN too: the admin token of the Lotan at ${api}` }
    return { base: api, connect: null, token: adminToken }
  }
  const runDir = findRunDir(dataDir)
  const running = runDir && readRunFile({ runDir })
  const { host, port, secure } = running ? running.listen : { ...config.listen, secure: false }
  const token = adminToken ?? (running ? URL.parse(running.admin)?.searchParams.get('token') : keptToken(dataDir))
  if (!token)
    return {
      missing: `${displayPath(dataDir)} holds no admin token that can be read here: go where Lotan was started, or set LOTAN_API and LOTAN_ADMIN_TOKEN`,
    }
  const base = running ? running.url : `http://${domain}${port === 80 ? '' : `:${port}`}`
  return { base, connect: { host: reachable(host), port, secure }, token }
}

function keptToken(dataDir: string): string | undefined {
  try {
    return fs.readFileSync(path.join(dataDir, 'admin-token'), 'utf8').trim()
  } catch {
    return undefined
  }
}

/** A wildcard address is for listening: connect to loopback. */
function reachable(host: string): string {
  const plain = host.replace(/^\[|\]$/g, '')
  return plain === '0.0.0.0' ? '127.0.0.1' : plain === '::' ? '::1' : plain
}
