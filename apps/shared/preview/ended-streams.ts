/** nginx writes a request's id here as its stream or WebSocket ends: it asks the router only as a request begins. */
import path from 'node:path'
import type { Config } from '../config/config.ts'

export function endedStreamsFile({ runDir }: Pick<Config, 'runDir'>): string {
  return path.join(runDir, 'ended-streams')
}
