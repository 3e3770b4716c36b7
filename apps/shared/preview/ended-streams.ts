/**
 * Where nginx says which streams and WebSockets have ended: a line each, the id of the request. It logs a request when
 * that ends, which is the only word of it: it asks the router about a request when that begins.
 */
import path from 'node:path'
import type { Config } from '../config/config.ts'

export function endedStreamsFile({ runDir }: Pick<Config, 'runDir'>): string {
  return path.join(runDir, 'ended-streams')
}
